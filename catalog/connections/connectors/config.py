"""The typed configuration a connector declares; forms and the API are rendered from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from catalog.common.errors import Problem

FieldKind = Literal["text", "integer", "boolean", "choice", "path", "url", "lines"]
Config = Mapping[str, Any]  # cleaned: every declared field is present, secrets included
MAX_LENGTH = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigField:
    """One setting of a connection. Secret fields are write-only: stored encrypted, never shown again."""

    name: str
    label: str
    kind: FieldKind = "text"
    help: str = ""
    required: bool = False
    secret: bool = False
    choices: tuple[tuple[str, str], ...] = ()  # (value, label)
    default: Any = ""
    minimum: int | None = None
    maximum: int | None = None


def clean_config(
    fields: Sequence[ConfigField], raw: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """The configuration with types applied and defaults filled in, and everything wrong with it.

    Names the connector does not declare are problems too: a typing error must not silently mean the default.
    """
    problems = [
        Problem(name, "unknown", f"There is no setting called “{name}” for this kind of connection.")
        for name in raw
        if name not in {field.name for field in fields}
    ]
    cleaned: dict[str, Any] = {}
    for field in fields:
        value, complaint = _clean(field, raw.get(field.name))
        cleaned[field.name] = value
        if complaint:
            problems.append(Problem(field.name, "invalid", complaint))
    return cleaned, problems


def _clean(field: ConfigField, raw: Any) -> tuple[Any, str]:
    if raw is None or raw == "" or raw == []:
        return field.default, f"“{field.label}” is required." if field.required and not field.default else ""
    if field.kind == "integer":
        return _clean_integer(field, raw)
    if field.kind == "boolean":
        return _clean_boolean(field, raw)
    if field.kind == "lines":
        lines = raw.splitlines() if isinstance(raw, str) else raw
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            return field.default, f"“{field.label}” must be lines of text."
        return [line.strip() for line in lines if line.strip()], ""
    if not isinstance(raw, str):
        return field.default, f"“{field.label}” must be text."
    value = raw if field.secret else raw.strip()
    if len(value) > MAX_LENGTH or "\x00" in value:
        return field.default, f"“{field.label}” is too long or holds a character that cannot be used."
    if field.kind == "choice" and value not in {choice for choice, _ in field.choices}:
        return field.default, f"“{field.label}” must be one of {', '.join(c for c, _ in field.choices)}."
    if field.kind == "url" and (complaint := _complaint_of_url(field, value)):
        return field.default, complaint
    return value, ""


def _complaint_of_url(field: ConfigField, value: str) -> str:
    """Addresses are shown and logged, so what signs in must not stand in them: it goes into a secret setting."""
    try:
        parts = urlsplit(value)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        return f"“{field.label}” must be an http or https address."
    if "@" in parts.netloc:
        return f"“{field.label}” must not hold a user name or password; enter them as a header."
    return ""


def _clean_integer(field: ConfigField, raw: Any) -> tuple[Any, str]:
    try:
        value = int(str(raw)) if not isinstance(raw, bool) else None
    except ValueError:
        value = None
    if value is None:
        return field.default, f"“{field.label}” must be a whole number."
    if (field.minimum is not None and value < field.minimum) or (
        field.maximum is not None and value > field.maximum
    ):
        return field.default, f"“{field.label}” must be from {field.minimum} to {field.maximum}."
    return value, ""


def _clean_boolean(field: ConfigField, raw: Any) -> tuple[Any, str]:
    known = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
    value = known.get(str(raw).lower())
    return (field.default, f"“{field.label}” must be true or false.") if value is None else (value, "")


def split_secrets(fields: Sequence[ConfigField], config: Config) -> tuple[dict[str, Any], dict[str, Any]]:
    """The configuration in two parts: what may be shown, and the secrets (empty ones left out)."""
    secret_names = {field.name for field in fields if field.secret}
    shown = {name: value for name, value in config.items() if name not in secret_names}
    secrets = {name: value for name, value in config.items() if name in secret_names and value}
    return shown, secrets


def secrets_of(fields: Sequence[ConfigField], config: Config) -> tuple[str, ...]:
    """The secret values, for redaction."""
    return tuple(str(config[f.name]) for f in fields if f.secret and config.get(f.name))
