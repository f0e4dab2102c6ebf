"""Typed reading of the environment: one function per type, every failure names the variable.

Any variable `X` may instead be given as `X_FILE`, the path of a file holding the value (container secrets).
"""

import os
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit


class ConfigurationError(Exception):
    """A setting is missing or wrong; the message names the variable and says what would be right."""


def text(name: str, default: str | None = None) -> str:
    """The value of `name`, or of the file `name_FILE` points to; `default` when neither is set.

    Raises ConfigurationError when unset without a default, set twice, or the file cannot be read.
    """
    value = os.environ.get(name)
    path = os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise ConfigurationError(f"{name} and {name}_FILE are both set; keep one of them.")
    if path is not None:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{name}_FILE={path} cannot be read: {error}") from error
    if value is not None:
        return value
    if default is None:
        raise ConfigurationError(f"{name} is not set and has no default.")
    return default


def integer(name: str, default: int, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """A whole number, at least `minimum`, at most `maximum`."""
    raw = text(name, str(default))
    try:
        value = int(raw)
    except ValueError as error:
        raise ConfigurationError(f"{name}={raw!r} is not a whole number.") from error
    if minimum is not None and value < minimum:
        raise ConfigurationError(f"{name}={value} is below {minimum}.")
    if maximum is not None and value > maximum:
        raise ConfigurationError(f"{name}={value} is above {maximum}.")
    return value


def boolean(name: str, default: bool) -> bool:
    """One of true/false, yes/no, on/off, 1/0, in any case."""
    raw = text(name, "true" if default else "false").strip().lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ConfigurationError(f"{name}={raw!r} is not a truth value; use true or false.")


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas; blanks around the items are dropped, empty items too."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def path(name: str, default: Path) -> Path:
    """An absolute path; `~` is expanded, relative paths are taken from the working directory."""
    return Path(text(name, str(default))).expanduser().resolve()


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """One of `allowed`, in any case; returned as it stands there."""
    raw = text(name, default).strip()
    for value in allowed:
        if raw.lower() == value.lower():
            return value
    raise ConfigurationError(f"{name}={raw!r} is none of {', '.join(allowed)}.")


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Networks or single addresses, separated by commas: `10.0.0.0/8,192.0.2.1`."""
    found = []
    for item in words(name):
        try:
            found.append(ip_network(item))
        except ValueError as error:
            raise ConfigurationError(f"{name}: {item!r} is no network: {error}.") from error
    return found


def origin(name: str) -> str:
    """An address of the form `https://host` or `https://host:port`, without the slash at its end; empty when unset."""
    raw = text(name, "").strip().rstrip("/")
    if not raw:
        return ""
    try:
        parts = urlsplit(raw)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
        parts = urlsplit("")
    if not named or parts.scheme not in {"http", "https"} or parts.username is not None:
        raise ConfigurationError(f"{name}={raw!r} is no address such as https://mesh.example.org.")
    if parts.path or parts.query or parts.fragment:
        raise ConfigurationError(f"{name}={raw!r} must end after the host: the portal lives at its root.")
    return raw


def host_of(address: str) -> str:
    """The host of an `origin` as a Host header has it, IPv6 in brackets."""
    host = urlsplit(address).hostname or ""
    return f"[{host}]" if ":" in host else host
