"""The order of semantic versions."""

from typing import Any


def version_key(version: str) -> tuple[Any, ...]:
    """Orders semantic versions (semver.org, section 11): a pre-release comes before its release."""
    core, _, pre = version.partition("+")[0].partition("-")
    numbers = tuple(int(part) if part.isdigit() else 0 for part in core.split("."))
    rest = (
        tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split("."))
        if pre
        else ()
    )
    return numbers, not pre, rest
