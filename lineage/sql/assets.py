"""Assets as tables that queries may name: their names in parts, their columns as last observed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.assets.models import Asset
from catalog.schemas.models import Field
from catalog.schemas.selectors import newest_observed_ids
from lineage.sql.shapes import Parts, Table

MOST_COLUMNS = 3_000  # of a table that are looked at
_SLICE = 500  # identifiers per statement: below every database's limit of parameters
Named = tuple[int, Parts]  # an asset's id, its name in parts


def parts_of(name: str, address: Mapping[str, Any]) -> Parts:
    """An asset's name in parts. The connector's own address tells dots between parts from dots within them."""
    table, schema = address.get("table"), address.get("schema")
    known = [part for part in (schema, table) if isinstance(part, str) and part]
    ending = ".".join(known)
    if not table or not ending or not name.endswith(ending):
        return tuple(part.strip('"`[]') for part in name.split(".") if part)
    before = name[: -len(ending)].rstrip(".")
    return (*([before] if before else []), *known)


def named_assets(assets: "QuerySet[Asset]") -> list[Named]:
    """Every asset of the query with its name in parts."""
    rows = assets.order_by("pk").values_list("pk", "name", "address")
    return [(pk, parts_of(name, address)) for pk, name, address in rows.iterator(chunk_size=2_000)]


def mentioned(assets: Iterable[Named], sql: str) -> list[Named]:
    """Those whose own name stands somewhere in the text: a store may hold thousands, a query reads a few."""
    text = sql.lower()
    return [(pk, parts) for pk, parts in assets if parts and parts[-1].lower() in text]


def with_columns(assets: Sequence[Named]) -> dict[Parts, tuple[int, Table]]:
    """The assets as tables with their columns, by name; of two of one name the first."""
    columns = columns_of({pk for pk, _ in assets})
    found: dict[Parts, tuple[int, Table]] = {}
    for pk, parts in assets:
        found.setdefault(parts, (pk, Table(parts, tuple(columns.get(pk, ())[:MOST_COLUMNS]))))
    return found


def columns_of(asset_ids: Iterable[int]) -> dict[int, list[str]]:
    """The columns (not what is nested in them) of each asset, in the store's order, as observed last."""
    found: dict[int, list[str]] = {}
    wanted = sorted(asset_ids)
    for start in range(0, len(wanted), _SLICE):
        newest = {schema: pk for pk, schema in newest_observed_ids(wanted[start : start + _SLICE]).items()}
        rows = Field.objects.filter(schema__in=list(newest), parent_path="").order_by("schema_id", "ordinal")
        for schema_id, path in rows.values_list("schema_id", "path").iterator(chunk_size=5_000):
            found.setdefault(newest[schema_id], []).append(path)
    return found
