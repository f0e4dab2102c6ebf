"""Writing harvested entries in bulk: products, ports, tags, originals, with their history."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Subquery
from simple_history.utils import bulk_create_with_history

from catalog.accounts.models import Team, User
from catalog.common.documents import read_document
from catalog.common.slugs import make_slug
from catalog.contracts import detect, registry
from catalog.contracts.derive import merge, merge_sets
from catalog.contracts.models import ProductDescriptor, ProductDescriptorVersion
from catalog.domains.models import Domain
from catalog.products import services as products
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.vocabulary.models import Tag
from catalog.vocabulary.services import tags_named

if TYPE_CHECKING:
    from catalog.contracts.services.harvesting import Read

BATCH = 500
REASON = "Harvested"


@dataclass(frozen=True, slots=True)
class Places:
    """Domains by family, teams by folded name."""

    domains: Mapping[str, Domain]
    teams: Mapping[str, Team]

    def team_of(self, entry: registry.Entry) -> Team | None:
        return self.teams.get(entry.managed_by.casefold()) if entry.managed_by else None


def newest_digests(descriptors: Iterable[ProductDescriptor]) -> dict[int, str]:
    """Descriptor id -> digest of its newest version."""
    newest = ProductDescriptorVersion.objects.filter(descriptor=OuterRef("pk")).order_by("-number")
    rows = ProductDescriptor.objects.filter(kind=detect.REGISTRY).annotate(
        newest=Subquery(newest.values("digest")[:1])
    )
    wanted = {descriptor.pk for descriptor in descriptors}
    return {pk: digest for pk, digest in rows.values_list("pk", "newest") if pk in wanted}


def fields_of(entry: registry.Entry) -> dict[str, Any]:
    """The fields of a product that its entry fills."""
    return {
        "name": entry.name,
        "purpose": entry.purpose,
        "description": entry.description,
        "usage": entry.usage,
        "limitations": entry.limitations,
        "region": next((item.region for item in entry.resources if item.region), ""),
        "links": list(entry.links),
        "support": list(entry.support),
    }


def ports_of(entry: registry.Entry) -> list[dict[str, Any]]:
    """The ports of an entry as fields; names are made of titles and are free."""
    ports: list[dict[str, Any]] = []
    names: set[str] = set()
    for item in entry.resources:
        name = make_slug(item.title[:100], fallback="resource", is_taken=names.__contains__)
        names.add(name)
        ports.append(
            {
                "name": name,
                "title": item.title,
                "description": item.description,
                "kind": item.kind,
                "modality": "streaming" if item.kind == "topic" else "batch",
                "location": item.location,
                "platform": item.platform,
                "region": item.region,
                "environment": "production",
            }
        )
    return ports


def create_products(actor: User | None, items: list["Read"], places: Places, now: dt.datetime) -> list[int]:
    """Products of new entries; returns their ids."""
    if not items:
        return []
    taken = {domain.pk: _addresses(domain) for domain in places.domains.values()}
    rows = [_new_product(item.entry, places, taken, now) for item in items]
    made = bulk_create_with_history(
        rows, DataProduct, batch_size=BATCH, default_user=actor, default_change_reason=REASON
    )
    _tag(made, items)
    _create_ports(actor, [(product, ports_of(item.entry)) for product, item in zip(made, items, strict=True)])
    _keep_originals(actor, list(zip(made, items, strict=True)), now)
    return [product.pk for product in made]


def _addresses(domain: Domain) -> set[str]:
    return set(DataProduct.objects.filter(domain=domain).values_list("slug", flat=True))


def _new_product(
    entry: registry.Entry, places: Places, taken: dict[int, set[str]], now: dt.datetime
) -> DataProduct:
    domain = places.domains[entry.family]
    slug = make_slug(entry.name, fallback="product", is_taken=taken[domain.pk].__contains__)
    taken[domain.pk].add(slug)
    product = DataProduct(
        domain=domain,
        slug=slug,
        team=places.team_of(entry),
        lifecycle=Lifecycle.DEPRECATED if entry.is_deprecated else Lifecycle.ACTIVE,
        lifecycle_note=entry.deprecation_note,
        version="1.0.0",
        published_at=now,
        origin=detect.REGISTRY,
        origin_key=entry.key,
        **fields_of(entry),
    )
    product.clean_fields(exclude=["domain", "team", "classification", "successor"])
    return product


def _tag(made: list[DataProduct], items: list["Read"]) -> None:
    tags = _tags_by_name(items)
    through = DataProduct.tags.through
    through.objects.bulk_create(
        (
            through(dataproduct_id=product.pk, tag_id=pk)
            for product, item in zip(made, items, strict=True)
            for pk in {tags[_folded(name)].pk for name in item.entry.tags}
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _tags_by_name(items: list["Read"]) -> dict[str, Tag]:
    named = tags_named({name for item in items for name in item.entry.tags})
    return {_folded(tag.name): tag for tag in named}


def _create_ports(actor: User | None, wanted: list[tuple[DataProduct, list[dict[str, Any]]]]) -> None:
    rows = [OutputPort(product=product, **fields) for product, ports in wanted for fields in ports]
    bulk_create_with_history(
        rows, OutputPort, batch_size=BATCH, default_user=actor, default_change_reason=REASON
    )


def _keep_originals(actor: User | None, made: list[tuple[DataProduct, "Read"]], now: dt.datetime) -> None:
    """Each file whole, as the next version of its descriptor."""
    keys = {item.entry.key: product for product, item in made}
    present = {d.key: d for d in ProductDescriptor.objects.filter(kind=detect.REGISTRY)}
    ProductDescriptor.objects.bulk_create(
        (
            ProductDescriptor(kind=detect.REGISTRY, key=key, product=product)
            for key, product in keys.items()
            if key not in present
        ),
        batch_size=BATCH,
    )
    for key, descriptor in present.items():  # its product had been deleted and is made anew
        if key in keys and descriptor.product_id != keys[key].pk:
            descriptor.product = keys[key]
            descriptor.save(update_fields=["product", "updated_at"])
    owners = {d.key: d for d in ProductDescriptor.objects.filter(kind=detect.REGISTRY)}
    numbers = _next_numbers()
    ProductDescriptorVersion.objects.bulk_create(
        (
            ProductDescriptorVersion(
                descriptor=owners[item.entry.key],
                number=numbers.get(owners[item.entry.key].pk, 0) + 1,
                spec_version="registry",
                original=item.source.raw,
                media_type=item.document.media_type,
                path=item.source.path[-500:],
                digest=item.digest,
                imported_at=now,
                imported_by=actor,
            )
            for _, item in made
        ),
        batch_size=100,
    )


def _next_numbers() -> dict[int, int]:
    rows = ProductDescriptorVersion.objects.filter(descriptor__kind=detect.REGISTRY).order_by("number")
    return dict(rows.values_list("descriptor_id", "number"))


def update_products(
    actor: User | None, items: list[tuple[ProductDescriptor, "Read"]], places: Places, now: dt.datetime
) -> list[int]:
    """Bring products of changed entries up to date, one by one; edits by hand stay. Returns their ids."""
    done = []
    for descriptor, item in items:
        product = descriptor.product
        if product is None:
            continue
        last = descriptor.versions.first()
        before = registry.parse(item.entry.key, read_document(bytes(last.original)).data) if last else None
        _update(actor, product, before, item.entry, places)
        done.append((product, item))
    _keep_originals(actor, done, now)
    return [product.pk for product, _ in done]


def _update(
    actor: User | None,
    product: DataProduct,
    before: registry.Entry | None,
    entry: registry.Entry,
    places: Places,
) -> None:
    wanted = {**fields_of(entry), "team": places.team_of(entry)}
    base = {**fields_of(before), "team": places.team_of(before) or product.team} if before else None
    change = merge(base, {name: getattr(product, name) for name in wanted}, wanted)
    now = set(product.tags.values_list("name", flat=True))
    tags = merge_sets(set(before.tags) if before else set(), now, set(entry.tags))
    edits = {**change.updates, **({"tags": sorted(tags)} if tags != now else {})}
    products.edit_product(actor=actor, product=product, reason=REASON, **edits)
    present = {port.name: port for port in product.output_ports.all()}
    for fields in ports_of(entry):
        port = present.get(fields["name"])
        if port is None:
            products.create_port(actor=actor, product=product, **fields)
        else:
            del fields["environment"]  # an entry says nothing of it: a new port gets the usual one
            products.edit_port(actor=actor, port=port, reason=REASON, **fields)
