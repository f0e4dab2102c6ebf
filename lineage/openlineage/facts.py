"""What people want to read of facets: owners, tags, where the data lies, how much was written. Pure.

Source: the facets Ownership, Tags, Datasource, Catalog, Documentation and OutputStatistics of OpenLineage. What they
say is told by machines: it stands beside what the portal knows and changes no owner and no tag of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.connections.connectors.errors import redact
from lineage.openlineage.facets import mapping, members, word
from lineage.openlineage.newest import present

MOST = 50  # owners or tags
_LONGEST = 500  # characters of a text
_PLACE = (("name", "Catalog"), ("framework", "Format"), ("type", "Kind of catalog"), ("metadataUri", "Metadata at"),
          ("warehouseUri", "Warehouse at"), ("source", "Written by"))  # fmt: skip
_WRITTEN = (("rowCount", "rows"), ("size", "bytes"), ("fileCount", "files"))
_TOLD = frozenset({"ownership", "tags", "dataSource", "catalog", "documentation"})


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns it, as the producer calls them; `role` as it says."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class TagTold:
    """A tag as the producer gives it; `field` is the column it is on, empty for all of the dataset."""

    key: str
    value: str
    field: str

    @property
    def words(self) -> str:
        """`pii`, `tier: gold`; a value that only says yes is left out."""
        return self.key if self.value.lower() in ("", "true") else f"{self.key}: {self.value}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What facets say of a dataset or job. `others` are the names of the facets that are only kept."""

    owners: tuple[Owner, ...] = ()
    tags: tuple[TagTold, ...] = ()
    source: tuple[str, str] = ("", "")  # name and address of where the data lies
    catalog: tuple[tuple[str, str], ...] = ()  # term and words
    description: str = ""
    others: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        return bool(self.owners or self.tags or any(self.source) or self.catalog or self.description)


def facts_of(facets: Mapping[str, Any]) -> Facts:
    """The facets in words; a member of the wrong kind says nothing. Passwords in addresses are left out."""
    there = present(facets)
    owners = [
        Owner(_short(item, "name"), _short(item, "type"))
        for item in members(there.get("ownership"), "owners")
    ]
    tags = [
        TagTold(_short(item, "key"), _short(item, "value"), _short(item, "field"))
        for item in members(there.get("tags"), "tags")
    ]
    source, place = mapping(there, "dataSource"), mapping(there, "catalog")
    return Facts(
        owners=tuple(dict.fromkeys(owner for owner in owners if owner.name))[:MOST],
        tags=tuple(sorted({tag for tag in tags if tag.key}, key=_by_field))[:MOST],
        source=(_short(source, "name"), _short(source, "uri")),
        catalog=tuple((term, words) for name, term in _PLACE if (words := _short(place, name))),
        description=word(mapping(there, "documentation"), "description")[:4_000],
        others=tuple(sorted(name for name in there if name not in _TOLD)),
    )


def written(facets: Mapping[str, Any]) -> dict[str, int]:
    """How much one run wrote: `rows`, `bytes`, `files`, each only where it was told."""
    told = mapping(present(facets), "outputStatistics")
    return {
        name: value
        for member, name in _WRITTEN
        if isinstance(value := told.get(member), int) and not isinstance(value, bool) and value >= 0
    }


def _short(data: Mapping[str, Any], name: str) -> str:
    return redact(word(data, name)[:_LONGEST])


def _by_field(tag: TagTold) -> tuple[str, str, str]:
    return tag.field, tag.key, tag.value
