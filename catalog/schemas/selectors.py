"""Reading schemas: their fields as plain shapes, the newest observed version of assets."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from catalog.assets.models import Asset
from catalog.schemas.models import Field, FieldAnnotation, SchemaVersion
from catalog.schemas.shape import SHAPE_COLUMNS, FieldShape

# Words of contracts that mean personal data where the mesh has no classification of that name.
PERSONAL_WORDS = frozenset(
    {"pii", "personal", "personal data", "sensitive", "special category", "phi", "gdpr"}
)


def newest_observed(asset_ref: str) -> QuerySet[SchemaVersion]:
    """For a subquery: the observed versions of the outer row's asset (`asset_ref` leads to its id), newest first."""
    return SchemaVersion.objects.filter(
        asset=OuterRef(asset_ref), origin=SchemaVersion.Origin.OBSERVED
    ).order_by("-number")


def newest_observed_ids(asset_ids: Iterable[int]) -> dict[int, int]:
    """Asset id -> id of its newest observed schema; assets without one are left out."""
    rows = (
        Asset.objects.filter(pk__in=list(asset_ids))
        .annotate(newest=Subquery(newest_observed("pk").values("pk")[:1]))
        .values_list("pk", "newest")
    )
    return {pk: newest for pk, newest in rows if newest is not None}


def shapes_of(schema_ids: Iterable[int]) -> dict[int, list[FieldShape]]:
    """The fields of each schema version, in their order, as plain shapes; one query."""
    found: dict[int, list[FieldShape]] = {pk: [] for pk in schema_ids}
    rows = (
        Field.objects.filter(schema__in=list(found))
        .order_by("schema_id", "ordinal")
        .values_list("schema_id", *SHAPE_COLUMNS)
    )
    for schema_id, *columns in rows.iterator(chunk_size=5_000):
        found[schema_id].append(FieldShape(*columns))
    return found


@dataclass(frozen=True, slots=True)
class Discretion:
    """Whose values may be kept: `released` paths may, `withheld` paths (and what is nested in them) never.

    `is_closed`: the whole asset is classified as personal, so only released fields may.
    """

    released: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    is_closed: bool = False

    def objection(self, path: str, was_released: bool) -> str:
        """Why the values of `path` may not be kept although a connector found them harmless; "" when they may.

        `was_released`: the connector was told that the field is released; if it no longer is, nothing else vouches
        for it.
        """
        if any(is_at_or_below(path, ancestor) for ancestor in self.withheld):
            return "It is classified as personal."
        if path in self.released:
            return ""
        if was_released:
            return "Its values are no longer released."
        return "The product is classified as personal." if self.is_closed else ""

    def folded(self) -> "Discretion":
        """The same of paths in small letters: checks may spell a field otherwise than its store."""
        released, withheld = ({path.casefold() for path in paths} for paths in (self.released, self.withheld))
        return Discretion(frozenset(released), frozenset(withheld), self.is_closed)


NOTHING_SAID = Discretion()


def is_at_or_below(path: str, ancestor: str) -> bool:
    """Whether a field is `ancestor` or nested in it."""
    return path == ancestor or path.startswith((f"{ancestor}.", f"{ancestor}[", f"{ancestor}{{"))


def discretion_of(
    asset_ids: Iterable[int], *, declared: Iterable[tuple[int, str, str]] = (), closed: Iterable[int] = ()
) -> dict[int, Discretion]:
    """What people and contracts said of the fields of assets.

    `declared` are (asset id, path, classification) of the contracts on them; `closed` the assets whose product is
    classified as personal. A field that is both released and classified as personal is withheld.
    """
    released: dict[int, set[str]] = {pk: set() for pk in asset_ids}
    withheld: dict[int, set[str]] = {pk: set() for pk in released}
    rows = FieldAnnotation.objects.filter(asset__in=list(released)).values_list(
        "asset_id", "path", "is_released", "classification__is_personal"
    )
    for asset_id, path, is_released, is_personal in rows:
        if is_personal:
            withheld[asset_id].add(path)
        elif is_released:
            released[asset_id].add(path)
    for asset_id, path, classification in declared:
        if classification.strip().casefold() in PERSONAL_WORDS and asset_id in withheld:
            withheld[asset_id].add(path)
    shut = set(closed)
    return {
        pk: Discretion(frozenset(released[pk] - withheld[pk]), frozenset(withheld[pk]), pk in shut)
        for pk in released
    }
