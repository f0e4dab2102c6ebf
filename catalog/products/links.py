"""What a product's links and support channels look like: small lists of flat objects, checked when saved. Pure."""

from typing import Any

from django.core.exceptions import ValidationError

from catalog.common.markdown import is_safe_link

MOST = 30  # entries of one list
LONGEST = 1000  # characters of one value
LINK_KEYS = frozenset({"label", "url"})
SUPPORT_KEYS = frozenset({"channel", "url", "tool"})


def validate_links(value: Any) -> None:
    """`[{"label": "Runbook", "url": "https://…"}]`; raises ValidationError naming the entry."""
    _validate(value, LINK_KEYS, required="url")


def validate_support(value: Any) -> None:
    """`[{"channel": "#listening", "url": "https://…", "tool": "slack"}]`; url and tool may be left out."""
    _validate(value, SUPPORT_KEYS, required="channel")


def _validate(value: Any, keys: frozenset[str], required: str) -> None:
    if not isinstance(value, list) or len(value) > MOST:
        raise ValidationError(f"Give a list of at most {MOST} entries.", "list")
    for place, entry in enumerate(value, start=1):
        if not isinstance(entry, dict) or not set(entry) <= keys:
            raise ValidationError(f"Entry {place}: use only {', '.join(sorted(keys))}.", "entry")
        if any(not isinstance(text, str) or len(text) > LONGEST for text in entry.values()):
            raise ValidationError(
                f"Entry {place}: every value is a text of at most {LONGEST} characters.", "entry"
            )
        if not entry.get(required, "").strip():
            raise ValidationError(f"Entry {place}: {required} is missing.", "entry")
        if entry.get("url") and not is_safe_link(entry["url"]):
            raise ValidationError(f"Entry {place}: links begin with https://, http:// or mailto:.", "link")
