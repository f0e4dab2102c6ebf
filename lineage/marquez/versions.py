"""Versions of a dataset: its observed schemas, each with an identifier that stays the same."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid5

from django.db.models import QuerySet

from catalog.assets.models import Asset
from catalog.schemas.models import Field, SchemaVersion
from lineage.marquez import shapes
from lineage.marquez.listing import Page


def listed(asset: Asset, page: Page) -> shapes.Json:
    """A page of the versions, newest first."""
    rows = _versions(asset)
    return {"versions": _shaped(asset, list(page.of(rows))), "totalCount": rows.count()}


def one(asset: Asset, version: str) -> shapes.Json | None:
    """The version of this identifier; None where there is none."""
    numbers = _versions(asset).values_list("number", flat=True)
    number = next((number for number in numbers if _identifier(asset, number) == version.lower()), None)
    found = _shaped(asset, list(_versions(asset).filter(number=number))) if number is not None else []
    return found[0] if found else None


def _versions(asset: Asset) -> "QuerySet[SchemaVersion]":
    return SchemaVersion.objects.filter(asset=asset, origin=SchemaVersion.Origin.OBSERVED).order_by("-number")


def _identifier(asset: Asset, number: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"{asset.namespace}/{asset.name}#{number}"))


def _shaped(asset: Asset, rows: Sequence[SchemaVersion]) -> list[shapes.Json]:
    fields: dict[int, list[shapes.Json]] = defaultdict(list)
    for field in Field.objects.filter(schema__in=rows).order_by("schema", "ordinal"):
        fields[field.schema_id].append(shapes.field(field))
    made = []
    for row in rows:
        version = _identifier(asset, row.number)
        told = shapes.dataset(asset, fields[row.pk])
        created = shapes.moment(row.seen_at)
        made.append(
            told | {"id": told["id"] | {"version": version}, "version": version, "createdAt": created,
                    "createdByRun": None}
        )  # fmt: skip
    return made
