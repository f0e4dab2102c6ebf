"""Search documents made from the database: a batch of products, with their ports, in a fixed number of queries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from catalog.domains.models import Domain
from catalog.glossary.models import TermLink
from catalog.glossary.selectors import published_terms_of
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.products.permissions import audience
from catalog.schemas.models import Field, FieldAnnotation
from catalog.schemas.selectors import newest_observed_ids
from catalog.search.documents import PEOPLE, PORT, PRODUCT, TERM, DocKey, FacetValue, SearchDocument
from catalog.trust.marks import FAIR_QUALITY, GOOD_QUALITY
from catalog.trust.models import TrustMarks

BATCH = 100  # products loaded at once
MAX_COLUMNS = 5_000  # of a port that are indexed
MAX_TEXT = 20_000  # characters of one text
MAX_COLUMN_TEXT = 100_000  # characters of all comments on a port's columns

UNOWNED = FacetValue("unowned", "No team")
CERTIFICATION = {"certified": "Certified", "none": "Not certified"}
QUALITY_BANDS = {"good": "Good", "fair": "Fair", "poor": "Poor", "unknown": "Not measured"}
LIFECYCLE_PRIOR = {
    Lifecycle.PROPOSED: -0.2,
    Lifecycle.DRAFT: -0.1,
    Lifecycle.ACTIVE: 0.0,
    Lifecycle.DEPRECATED: -0.4,
    Lifecycle.RETIRED: -0.7,
}


@dataclass(slots=True)
class Columns:
    """The fields of one schema and what is said of them."""

    paths: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def all_documents() -> Iterator[SearchDocument]:
    """Every document of the mesh, a batch of products at a time, in the order of ids."""
    after = 0
    while ids := list(
        DataProduct.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        yield from load_documents(ids)
        after = ids[-1]


def load_documents(product_ids: Iterable[int]) -> list[SearchDocument]:
    """The documents of these products and of their ports; ids of products that are gone give none."""
    now = timezone.now()
    products = list(_products(product_ids))
    ports = [port for product in products for port in product.output_ports.all()]
    columns = _columns_of(ports)
    ancestors = domain_paths({product.domain for product in products})
    terms = published_terms_of([product.pk for product in products])
    documents = []
    for product in products:
        links = terms.get(product.pk, [])
        loader = _Loader(product, ancestors[product.domain.path], columns, links, now)
        documents.append(loader.product_document())
        documents.extend(loader.port_document(port) for port in product.output_ports.all())
    return documents


def _products(ids: Iterable[int]) -> Any:
    ports = OutputPort.objects.select_related("trust").order_by("pk")
    return (
        DataProduct.objects.filter(pk__in=list(ids))
        .select_related("domain", "team", "classification", "trust")
        .prefetch_related("stewardships__user", "tags", Prefetch("output_ports", ports))
        .order_by("pk")
    )


def domain_paths(domains: set[Domain]) -> dict[str, list[Domain]]:
    """Path of a domain -> the domains from the root down to it; one query."""
    steps = Domain.steplen
    paths = {d.path[:end] for d in domains for end in range(steps, len(d.path) + 1, steps)}
    known = {domain.path: domain for domain in Domain.objects.filter(path__in=paths)}
    return {
        d.path: [known[d.path[:end]] for end in range(steps, len(d.path) + 1, steps) if d.path[:end] in known]
        for d in domains
    }


def _columns_of(ports: Sequence[OutputPort]) -> dict[int, Columns]:
    """Port id -> its columns: those observed last, then those declared that were not observed. Three queries."""
    observed = newest_observed_ids({port.asset_id for port in ports if port.asset_id})
    schemas = {*observed.values(), *(port.declared_schema_id for port in ports if port.declared_schema_id)}
    fields: dict[int, list[tuple[str, str]]] = {}
    rows = Field.objects.filter(schema__in=schemas).order_by("schema_id", "ordinal")
    for schema, path, comment in rows.values_list("schema_id", "path", "comment").iterator(chunk_size=5_000):
        fields.setdefault(schema, []).append((path, comment))
    said: dict[int, list[str]] = {}
    notes = (
        FieldAnnotation.objects.filter(asset__in=observed)
        .exclude(description="")
        .order_by("asset_id", "path")
    )
    for asset, description in notes.values_list("asset_id", "description"):
        said.setdefault(asset, []).append(description)
    found = {}
    for port in ports:
        mine = [schema for schema in (observed.get(port.asset_id or 0), port.declared_schema_id) if schema]
        pairs = dict.fromkeys(path for schema in mine for path, _ in fields.get(schema, ()))
        comments = [comment for schema in mine for _, comment in fields.get(schema, ()) if comment]
        found[port.pk] = Columns(
            list(pairs)[:MAX_COLUMNS], _cut([*comments, *said.get(port.asset_id or 0, ())])
        )
    return found


def _cut(texts: Iterable[str]) -> list[str]:
    """Different texts in order, until they are MAX_COLUMN_TEXT characters together."""
    kept, left = [], MAX_COLUMN_TEXT
    for text in dict.fromkeys(texts):
        if left <= 0:
            break
        kept.append(text[:left])
        left -= len(text)
    return kept


class _Loader:
    """Makes the documents of one product; everything it needs is loaded."""

    def __init__(
        self,
        product: DataProduct,
        domains: list[Domain],
        columns: dict[int, Columns],
        links: list[TermLink],
        now: datetime,
    ) -> None:
        self._product = product
        self._columns = columns
        self._links = links
        self._now = now
        self._audience = audience(product)
        self._tags = list(product.tags.all())
        people = {item.user_id: item.user for item in product.stewardships.all()}
        self._people = [FacetValue(person.username, str(person)) for _, person in sorted(people.items())]
        owner = FacetValue(product.team.slug, product.team.name) if product.team else UNOWNED
        self._shared: dict[str, tuple[FacetValue, ...]] = {
            "domain": tuple(FacetValue(domain.slug, domain.name) for domain in domains),
            "owner": (owner,),
            "lifecycle": (FacetValue(product.lifecycle, product.get_lifecycle_display()),),
            "tag": tuple(FacetValue(tag.slug, tag.name) for tag in self._tags),
            PEOPLE: tuple(self._people),
        }
        if product.classification:
            chosen = product.classification
            self._shared["classification"] = (FacetValue(chosen.slug, chosen.name),)
        if product.archetype:
            self._shared["archetype"] = (FacetValue(product.archetype, product.get_archetype_display()),)
        said = (
            "domain",
            "owner",
            "tag",
            PEOPLE,
            "classification",
        )  # "active" is a filter, not a word to find
        self._labels = tuple(value.label for name in said for value in self._shared.get(name, ()))

    def product_document(self) -> SearchDocument:
        product = self._product
        ports = list(product.output_ports.all())
        trust: TrustMarks | None = getattr(product, "trust", None)
        regions = dict.fromkeys(text for text in (product.region, *(port.region for port in ports)) if text)
        paths = dict.fromkeys(path for port in ports for path in self._columns[port.pk].paths)
        comments = _cut(text for port in ports for text in self._columns[port.pk].comments)
        return SearchDocument(
            key=DocKey(PRODUCT, product.pk),
            product_id=product.pk,
            title=product.name,
            names=(product.slug, product.key),
            labels=(
                *self._labels,
                *_names_of(self._links),
                *(word for port in ports for word in _port_words(port)),
            ),
            columns=tuple(paths),
            texts=_texts(
                product.purpose,
                product.description,
                product.usage,
                product.limitations,
                *(port.description for port in ports),
                *comments,
            ),
            audience=self._audience,
            facets={
                **self._shared,
                TERM: _terms(self._links),
                "port_kind": tuple(dict.fromkeys(_kind(port) for port in ports)),
                "region": tuple(FacetValue(region, region) for region in regions),
                "quality": (self._band(trust),),
                "certification": (self._certification(trust),),
            },
            quality=self._quality(trust),
            updated_at=int(product.updated_at.timestamp()),
            prior=self._prior(trust),
        )

    def port_document(self, port: OutputPort) -> SearchDocument:
        product, columns = self._product, self._columns[port.pk]
        trust: TrustMarks | None = getattr(port, "trust", None)
        region = port.region or product.region
        links = [link for link in self._links if link.port_id in (None, port.pk)]
        return SearchDocument(
            key=DocKey(PORT, port.pk),
            product_id=product.pk,
            title=port.title or port.name,
            names=tuple(
                text for text in (port.name, f"{port.name} {port.version}", port.location[:200]) if text
            ),
            labels=(product.name, product.slug, *self._labels, *_names_of(links), *_port_words(port)),
            columns=tuple(columns.paths),
            texts=_texts(port.description, product.purpose, *columns.comments),
            audience=self._audience,
            facets={
                **self._shared,
                TERM: _terms(links),
                "port_kind": (_kind(port),),
                "region": (FacetValue(region, region),) if region else (),
                "quality": (self._band(trust),),
                "certification": (self._certification(trust),),
            },
            quality=self._quality(trust),
            updated_at=int(max(port.updated_at, product.updated_at).timestamp()),
            prior=self._prior(trust),
        )

    def _quality(self, trust: TrustMarks | None) -> float | None:
        """The score while its measurement counts as fresh; an outdated one is unknown, as on the trust strip."""
        if (
            trust is None
            or trust.quality is None
            or trust.is_reachable is False
            or trust.valid_until is None
            or trust.valid_until < self._now
        ):
            return None
        return trust.quality

    def _band(self, trust: TrustMarks | None) -> FacetValue:
        quality = self._quality(trust)
        band = "poor"
        if quality is None:
            band = "unknown"
        elif round(quality) >= GOOD_QUALITY:
            band = "good"
        elif round(quality) >= FAIR_QUALITY:
            band = "fair"
        return FacetValue(band, QUALITY_BANDS[band])

    def _certification(self, trust: TrustMarks | None) -> FacetValue:
        until = trust.certified_until if trust else None
        value = "certified" if until is not None and until > self._now else "none"
        return FacetValue(value, CERTIFICATION[value])

    def _prior(self, trust: TrustMarks | None) -> float:
        """Lifecycle first; a good score lifts a little among equals."""
        quality = self._quality(trust)
        return LIFECYCLE_PRIOR[Lifecycle(self._product.lifecycle)] + (quality or 0.0) / 1000


def _names_of(links: Iterable[TermLink]) -> tuple[str, ...]:
    """Every name of the terms, synonyms too: people search in their own words."""
    return tuple(dict.fromkeys(name for link in links for name in link.term.names))


def _terms(links: Iterable[TermLink]) -> tuple[FacetValue, ...]:
    terms = dict.fromkeys(link.term for link in links)
    return tuple(FacetValue(term.slug, " · ".join(term.names)) for term in terms)


def _kind(port: OutputPort) -> FacetValue:
    return FacetValue(port.kind, port.get_kind_display())


def _port_words(port: OutputPort) -> tuple[str, ...]:
    words = (port.title, port.name, port.platform, port.format, port.get_kind_display(), port.environment)
    return tuple(word for word in words if word)


def _texts(*texts: str) -> tuple[str, ...]:
    return tuple(text[:MAX_TEXT] for text in dict.fromkeys(texts) if text)
