"""What the schema tab of a product shows, in a fixed number of queries however wide the schema is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset, ViewDefinition
from catalog.audit.reading import record_read
from catalog.connections.models import Schedule
from catalog.connections.validity import counts_as_fresh
from catalog.products.models import DataProduct, OutputPort
from catalog.products.pages import ports_of
from catalog.products.versions import version_key
from catalog.schemas import listing
from catalog.schemas.conformance import Conformance, compare, unread
from catalog.schemas.models import FieldAnnotation, FieldProfile, SchemaVersion
from catalog.schemas.selectors import newest_observed_ids, shapes_of

NOTHING = listing.Annotation()


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks for; unknown values fall back to the whole list."""

    port: str = ""  # "name/version"
    query: str = ""
    show: str = ""
    sort: str = ""  # "" in the order of the schema, "name"
    column: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the page with its profile, where the reader may see one."""

    row: listing.Row
    profile: FieldProfile | None


@dataclass(frozen=True, slots=True)
class Rewording:
    """One change of a view's SQL."""

    number: int
    seen_at: datetime
    before: str
    after: str


@dataclass
class SchemaPage:
    """The tab for one port (None: the product has none)."""

    product: DataProduct
    ports: list[OutputPort]
    port: OutputPort | None
    question: Question
    version: SchemaVersion | None
    conformance: Conformance
    rows: list[listing.Row]
    can_edit: bool
    may_see_values: bool
    definitions: list[ViewDefinition]  # of a view, newest first; none where the reader may not see them

    @property
    def definition(self) -> ViewDefinition | None:
        return self.definitions[0] if self.definitions else None

    @property
    def is_fresh(self) -> bool:
        """Whether the port was read lately enough to judge it green."""
        asset = self.port.asset if self.port else None
        if asset is None or asset.last_seen_at is None or asset.vanished_at is not None:
            return False
        schedule = self.port.connection.schedule if self.port and self.port.connection else Schedule.MANUAL
        return timezone.now() <= asset.last_seen_at + counts_as_fresh(schedule)

    @cached_property
    def rewordings(self) -> list[Rewording]:
        """How the SQL changed, newest first; the wording before the last shown has nothing to be compared with."""
        pairs = zip(self.definitions, self.definitions[1:], strict=False)
        return [Rewording(new.number, new.seen_at, old.sql, new.sql) for new, old in pairs]

    @cached_property
    def chosen(self) -> list[listing.Row]:
        found = listing.narrowed(self.rows, self.question.query, self.question.show)
        return listing.by_name(found) if self.question.sort == "name" else found

    @cached_property
    def page(self) -> Page[listing.Row]:
        """The page asked for; with `column` and no page the one that holds it."""
        number: int | str = self.question.page or 1
        if self.question.column and not self.question.page:
            number = listing.page_of(self.chosen, self.question.column) or 1
        return Paginator(self.chosen, listing.PAGE_SIZE).get_page(number)

    @cached_property
    def lines(self) -> list[Line]:
        return self.lines_of(list(self.page))

    def lines_of(self, rows: list[listing.Row]) -> list[Line]:
        """Rows with their profiles, one query."""
        profiles = self._profiles([row.path for row in rows])
        return [Line(row, profiles.get(row.path)) for row in rows]

    @cached_property
    def selected(self) -> Line | None:
        """The field of `?column=`, with its profile."""
        found = next((row for row in self.rows if row.path == self.question.column), None)
        if found is None:
            return None
        return Line(found, self._profiles([found.path]).get(found.path))

    @cached_property
    def letters(self) -> list[listing.Letter]:
        """Where to jump, once there is more than one page."""
        return listing.letters(self.chosen) if self.page.paginator.num_pages > 1 else []

    @property
    def is_missing_column(self) -> bool:
        return bool(self.question.column) and self.selected is None

    def _profiles(self, paths: list[str]) -> dict[str, FieldProfile]:
        if self.port is None or self.port.asset_id is None:
            return {}
        rows = FieldProfile.objects.filter(asset=self.port.asset_id, path__in=paths)
        if not self.may_see_values:
            rows = rows.defer("minimum", "maximum", "mean", "histogram", "top_values")
        return {row.path: row for row in rows}


def schema_page(user: User, product: DataProduct, question: Question, *, wordings: int = 1) -> SchemaPage:
    """The tab as `user` may see it; `product` is visible to them. `wordings`: how many of a view's SQL to show."""
    ports = sorted(ports_of(product), key=lambda port: version_key(port.version), reverse=True)
    ports.sort(key=lambda port: port.name)
    port = _chosen(ports, question.port)
    version, conformance = compared(port) if port else (None, Conformance(()))
    said = _annotations(port.asset_id) if port and port.asset_id else {}
    has_declared = conformance.declared_count > 0
    rows = [
        listing.Row(number, comparison, said.get(comparison.path, NOTHING), has_declared)
        for number, comparison in enumerate(conformance.comparisons, start=1)
    ]
    return SchemaPage(
        product=product,
        ports=ports,
        port=port,
        question=question,
        version=version,
        conformance=conformance,
        rows=rows,
        can_edit=kernel.can(user, "product.edit", product),
        may_see_values=kernel.can(user, "product.view_values", product),
        definitions=definitions_of(user, port, wordings) if port else [],
    )


def definitions_of(user: User, port: OutputPort, most: int) -> list[ViewDefinition]:
    """The newest wordings of the SQL behind a port that is a view, for those who may see them; else none."""
    if port.asset is None or port.asset.kind != Asset.Kind.VIEW:
        return []
    if not kernel.can(user, "port.view_definition", port):
        return []
    return list(ViewDefinition.objects.filter(asset=port.asset_id).order_by("-number")[:most])


def port_key(port: OutputPort) -> str:
    """A port within its product, as addresses name it."""
    return f"{port.name}/{port.version}"


def _chosen(ports: list[OutputPort], key: str) -> OutputPort | None:
    """The port asked for, else the first whose schema is known, else the first."""
    asked = next((port for port in ports if port_key(port) == key), None)
    known = (port for port in ports if port.asset_id or port.declared_schema_id)
    return asked or next(known, ports[0] if ports else None)


def compared(port: OutputPort) -> tuple[SchemaVersion | None, Conformance]:
    """The newest observed version of the port's schema, and observed against declared field by field."""
    asset_id = port.asset_id
    observed_id = newest_observed_ids([asset_id]).get(asset_id) if asset_id else None
    wanted = {pk for pk in (observed_id, port.declared_schema_id) if pk is not None}
    shapes = shapes_of(wanted)
    version = SchemaVersion.objects.filter(pk=observed_id).first() if observed_id else None
    declared = shapes.get(port.declared_schema_id or 0, [])
    if observed_id is None:
        return version, unread(declared)
    return version, compare(declared, shapes.get(observed_id, []))


def _annotations(asset_id: int) -> dict[str, listing.Annotation]:
    rows = FieldAnnotation.objects.filter(asset=asset_id).values_list(
        "path",
        "description",
        "classification__name",
        "classification__is_personal",
        "is_released",
        "revision",
    )
    return {
        path: listing.Annotation(description, name or "", bool(is_personal), is_released, revision)
        for path, description, name, is_personal, is_released, revision in rows
    }


def versions_of(port: OutputPort) -> "Paginator[SchemaVersion]":
    """The observed versions of a port's schema, newest first."""
    rows = SchemaVersion.objects.filter(asset=port.asset_id, origin=SchemaVersion.Origin.OBSERVED)
    if port.asset_id is None:
        rows = rows.none()
    return Paginator(rows.order_by("-number"), 20)


def record_values_read(reader: User, page: SchemaPage, lines: Iterable[Line]) -> None:
    """Seeing values that are kept of a port's fields is an event of the audit trail, once a day for each reader."""
    if page.port is None or not page.may_see_values:
        return
    profiles = [line.profile for line in lines if line.profile is not None]
    if any(profile.top_values or profile.minimum or profile.maximum for profile in profiles):
        name = f"values of {page.product.key}, {page.port}"
        record_read(actor=reader, what="values", object_id=page.port.pk, name=name)
