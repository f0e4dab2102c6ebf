"""The parts of "My account": a registry, so that a feature shows its own part without accounts knowing of it."""

from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Part:
    """A tab of the account page."""

    key: str
    label: str
    url: str
    count: int | None = None


_parts: dict[str, tuple[str, str]] = {
    "account": ("Profile", "accounts:account"),
    "password": ("Password", "accounts:password"),
    "sessions": ("Sessions", "accounts:sessions"),
    "tokens": ("Tokens", "accounts:tokens"),
}


def register(key: str, label: str, url_name: str) -> None:
    """Features call this at start-up; a key belongs to one part."""
    if _parts.get(key, (label, url_name)) != (label, url_name):
        raise ValueError(f"The account part {key} is registered twice.")
    _parts[key] = (label, url_name)


def parts() -> list[Part]:
    return [Part(key, label, reverse(name)) for key, (label, name) in _parts.items()]
