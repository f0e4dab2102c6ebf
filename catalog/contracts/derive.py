"""From parsed documents to the fields of products and ports, and how they meet edits made by hand. Pure.

A document owns the fields it fills. What a person changed since the last import stays, and the document's new value
is reported: `merge` compares the value the last document gave, the value now, and the value this document gives.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from catalog.common.markdown import is_safe_link
from catalog.contracts.odcs import Contract
from catalog.contracts.odps import OutputPortPart, Product

Fields = dict[str, Any]
Note = Callable[..., None]

_MODALITIES = {"topic": "streaming", "api": "api"}
_MODALITY_VALUES = frozenset({"batch", "streaming", "api"})
_ENCRYPTION = {"true": "yes", "yes": "yes", "encrypted": "yes", "false": "no", "no": "no"}
_MOST = 30  # links and channels a product may have


@dataclass(frozen=True, slots=True)
class Merge:
    """`updates`: values to write. `conflicts`: field -> the document's value that was not taken."""

    updates: Fields
    conflicts: Fields


def merge(base: Mapping[str, Any] | None, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> Merge:
    """What to write of `wanted` where `current` stands, `base` being what the last document said (None: no such).

    Without a base only what is empty is filled: the object was made by hand.
    """
    updates: Fields = {}
    conflicts: Fields = {}
    for name, value in wanted.items():
        now = current[name]
        if now == value or (base is not None and base.get(name) == value):
            continue  # nothing to do, or the document has nothing new and a person decided otherwise
        is_ours = (base is not None and now == base.get(name)) or now in (None, "", [])
        (updates if is_ours else conflicts)[name] = value
    return Merge(updates, conflicts)


def merge_sets(base: set[Any], current: set[Any], wanted: set[Any]) -> set[Any]:
    """Members the document added are added, those it dropped are dropped, those of people stay."""
    return (current - (base - wanted)) | (wanted - base)


def product_fields(product: Product, note: Note | None = None) -> Fields:
    """The plain fields of a product that its descriptor fills (without people, team, tags, lifecycle)."""
    return {
        "name": product.name[:200],
        "purpose": product.purpose,
        "description": product.custom_text("documentation"),
        "usage": product.usage,
        "limitations": product.limitations,
        "archetype": product.archetype,
        "version": product.version,
        "region": product.custom_text("region")[:80],
        "links": _safe(product.links, "$.authoritativeDefinitions", note),
        "support": _safe(product.support, "$.support", note),
    }


def port_fields(part: OutputPortPart | None, contract: Contract | None) -> Fields:
    """The plain fields of a port: of its own description first, else of its contract's server and promises."""
    if part is None:
        return {}
    item = contract.object_for(part.name) if contract else None
    server = contract.server_for(_word(part, "environment")) if contract else None
    kind, modality = part.kind, _word(part, "modality").lower()
    if kind == "other" and item is not None:
        kind = OutputPortPart(part.name, part.version, type=item.physical_type or "table").kind
    return {
        "title": _word(part, "title")[:200]
        or ("" if slugify(part.name, allow_unicode=True) == part.name else part.name[:200]),
        "description": part.description or (item.description if item else ""),
        "kind": kind,
        "environment": (_word(part, "environment") or (server.environment if server else "") or "production")[
            :40
        ],
        "modality": modality if modality in _MODALITY_VALUES else _MODALITIES.get(kind, "batch"),
        "location": (_word(part, "location") or (server.location_of(item) if server else ""))[:1000],
        "format": (_word(part, "format") or (server.format if server else ""))[:60],
        "platform": (_word(part, "platform") or (server.type if server else ""))[:80],
        "region": (_word(part, "region") or (server.region if server else ""))[:80],
        "encryption_at_rest": _ENCRYPTION.get(_word(part, "encryptionAtRest").lower(), ""),
        "freshness_promise": contract.freshness if contract else None,
    }


def _word(part: OutputPortPart, name: str) -> str:
    value = part.custom.get(name)
    if isinstance(value, bool):
        return str(value).lower()
    return value.strip() if isinstance(value, str) else ""


def _safe(entries: tuple[dict[str, str], ...], path: str, note: Note | None) -> list[dict[str, str]]:
    """Entries the portal can show: safe links, short values, not too many; the rest stays in the original."""
    kept = []
    for entry in entries:
        if entry["url"] and not is_safe_link(entry["url"]):
            if note:
                note(
                    path,
                    "unsafe-link",
                    f"The link {entry['url'][:80]!r} is not shown: its scheme is not safe.",
                )
            continue
        if all(len(value) <= 1000 for value in entry.values()):
            kept.append(entry)
    return kept[:_MOST]
