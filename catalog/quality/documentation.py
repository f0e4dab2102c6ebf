"""How completely a port is documented: a figure of its own, never part of the quality score."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """What is written down. `described` of `fields` are the port's fields with a comment or a description."""

    purpose: bool
    description: bool
    usage: bool
    limitations: bool
    port_description: bool
    has_owner: bool
    has_support: bool
    classification: bool
    described: int = 0
    fields: int = 0


@dataclass(frozen=True, slots=True)
class Completeness:
    """`share` is 0..1; `missing` names, in words, what would raise it, the weightiest first."""

    share: float
    missing: tuple[str, ...]


_TEXTS = (
    ("purpose", 15, "what the product is for"),
    ("description", 15, "a description"),
    ("has_owner", 15, "an accountable team or owner"),
    ("usage", 10, "how it is used"),
    ("limitations", 10, "its limitations"),
    ("port_description", 5, "a description of the port"),
    ("has_support", 5, "where to ask for help"),
    ("classification", 5, "a classification"),
)
_FIELDS_WEIGHT = 20


def completeness(documented: Documented) -> Completeness:
    """The weighted share of what is there; fields count only where there are any."""
    reached = total = 0.0
    missing = []
    for name, weight, words in _TEXTS:
        total += weight
        if getattr(documented, name):
            reached += weight
        else:
            missing.append(words)
    if documented.fields:
        total += _FIELDS_WEIGHT
        reached += _FIELDS_WEIGHT * min(documented.described, documented.fields) / documented.fields
        lacking = documented.fields - documented.described
        if lacking > 0:
            missing.insert(0, f"a description of {lacking:,} of {documented.fields:,} fields")
    return Completeness(reached / total, tuple(missing))
