"""A product descriptor comes in: its product is made or brought up to date, with people, ports and contracts."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.documents import Document
from catalog.common.errors import Conflict, NotAllowed
from catalog.contracts import detect, odps
from catalog.contracts.derive import merge, merge_sets, product_fields
from catalog.contracts.models import ProductDescriptor
from catalog.contracts.parts import Member
from catalog.contracts.reading import read_product
from catalog.contracts.results import Session
from catalog.contracts.services import baseline, joins, lifecycle, places, ports, promises, versions
from catalog.products import services as products
from catalog.products.models import DataProduct, OutputPort, Stewardship
from catalog.vocabulary.models import Classification

_TAG_LENGTH = 80


def apply_product(
    session: Session, raw: bytes, document: Document, identity: detect.Identity
) -> tuple[list[str], bool]:
    """Import a product, `document` being its Bitol ODPS data.

    Returns the product's key and whether anything changed. Raises PortalError."""
    wanted = odps.parse(document.data)
    descriptor = (
        ProductDescriptor.objects.select_for_update(of=("self",))
        .select_related("product__domain")
        .filter(kind=identity.kind, key=wanted.key)
        .first()
    )
    product = descriptor.product if descriptor else None
    if (
        product is not None
        and session.actor is not None
        and not kernel.can(session.actor, "product.edit", product)
    ):
        raise NotAllowed("You may not edit this product.", "Nothing was changed.", "Ask its owners.")
    product = product or _made_by_hand(session, wanted)
    descriptor = descriptor or ProductDescriptor.objects.create(kind=identity.kind, key=wanted.key)
    known = versions.known_version(descriptor, raw)
    if known is not None and product is not None:
        versions.note_if_old(session, descriptor, known.number)
        return [product.key], False
    before = _previous(descriptor) if product is not None else None
    earlier = _earlier_baseline(descriptor, wanted) if product is not None else None
    state = baseline.state_of(product) if product is not None else None
    product = _write_product(session, identity.kind, wanted, before, product)
    if descriptor.product_id != product.pk:
        descriptor.product = product
        descriptor.save(update_fields=["product", "updated_at"])
    found = _write_parts(session, product, wanted, before)
    version = versions.keep_descriptor(
        session, descriptor, raw, document, wanted.version, identity.spec_version
    )
    places = [str(port.pk) for port in found], joins.input_places(product, wanted)
    version.baseline = baseline.baseline_after(product, *places, earlier, state)
    version.save(update_fields=["baseline"])
    product.refresh_from_db()
    audit.record(
        actor=session.actor, verb="product.imported", obj=product, product_id=product.pk,
        detail={"version": wanted.version, "number": version.number, "document": session.path},
    )  # fmt: skip
    return [product.key], True


def _earlier_baseline(descriptor: ProductDescriptor, wanted: odps.Product) -> dict[str, Any]:
    """The baseline of the newest version; for a product made by hand, what the document says of its fields."""
    version = descriptor.versions.defer("original").first()
    if version is not None and version.baseline:
        return dict(version.baseline)
    return {"fields": product_fields(wanted), "tags": sorted(_tags(wanted))}


def _previous(descriptor: ProductDescriptor) -> odps.Product | None:
    version = descriptor.versions.first()
    return read_product(bytes(version.original)) if version else None


def _write_product(
    session: Session,
    kind: str,
    wanted: odps.Product,
    before: odps.Product | None,
    product: DataProduct | None,
) -> DataProduct:
    if product is not None:
        return _update_product(session, product, wanted, before)
    domain = places.domain_for(session, wanted)
    fields = product_fields(wanted, session.note)
    team = places.team_for(session, wanted) or (None if wanted.custom.get("unowned") is True else domain.team)
    return products.create_product(
        actor=session.actor,
        domain=domain,
        slug=places.slug_for(domain, wanted),
        is_demo=session.options.is_demo,
        origin=kind,
        origin_key=wanted.key,
        team=team,
        tags=[tag[:_TAG_LENGTH] for tag in wanted.tags],
        visibility=_visibility(wanted),
        classification=_classification(session, wanted),
        **fields,
    )


def _made_by_hand(session: Session, wanted: odps.Product) -> DataProduct | None:
    """The product of this name that somebody made here before its document came."""
    domain = places.find_domain(wanted.domain or session.options.default_domain)
    same = DataProduct.objects.filter(domain=domain, name=product_fields(wanted)["name"], origin="")
    found: DataProduct | None = (same if session.actor is None else same.visible_to(session.actor)).first()
    return found


def _update_product(
    session: Session, product: DataProduct, wanted: odps.Product, before: odps.Product | None
) -> DataProduct:
    if session.actor is not None and not kernel.can(session.actor, "product.edit", product):
        raise NotAllowed("You may not edit this product.", "Nothing was changed.", "Ask its owners.")
    fields = {**product_fields(wanted, session.note), "classification": _classification(session, wanted)}
    base: dict[str, Any] | None = None
    if before is not None:
        base = {**product_fields(before), "classification": _classification(None, before)}
    change = merge(base, {name: getattr(product, name) for name in fields}, fields)
    for name in change.conflicts:
        session.note(
            f"$.{name}",
            "edited-by-hand",
            f"{name.replace('_', ' ').capitalize()} was edited here and differs from the document. "
            "The edit was kept.",
            "warning",
        )
    now = set(product.tags.values_list("name", flat=True))
    tags = merge_sets(_tags(before), now, _tags(wanted))
    edits = {**change.updates, **({"tags": sorted(tags)} if tags != now else {})}
    if edits:
        product = products.edit_product(
            actor=session.actor, product=product, reason=f"Imported from {session.path}"[:100], **edits
        )
    return places.follow_domain(session, product, wanted, before)


def _tags(product: odps.Product | None) -> set[str]:
    return {tag[:_TAG_LENGTH] for tag in product.tags} if product else set()


def _visibility(wanted: odps.Product) -> str:
    named = wanted.custom_text("visibility")
    return named if named in ("mesh", "domain", "private") else "mesh"


def _classification(session: Session | None, wanted: odps.Product) -> Classification | None:
    named = wanted.custom_text("classification")
    if not named:
        return None
    found = Classification.objects.filter(Q(slug__iexact=named) | Q(name__iexact=named)).first()
    if found is None and session is not None:
        session.note(
            "$.customProperties", "classification", f"There is no classification named {named} here."
        )
    return found


def _write_parts(
    session: Session, product: DataProduct, wanted: odps.Product, before: odps.Product | None
) -> list[OutputPort]:
    _name_people(session, product, wanted, before)
    found = ports.sync_ports(session, product, wanted, before)
    joins.join_contracts(session, wanted, before, found)
    for part, port in zip(wanted.output_ports, found, strict=True):
        promises.follow_descriptor(session, port, part.custom.get("slaProperties"))
    joins.sync_inputs(session, product, wanted, before)
    joins.resolve_waiting(session, {part.contract_key for part in wanted.output_ports if part.contract_key})
    lifecycle.follow_status(session, product, wanted, before)
    return found


def _name_people(
    session: Session, product: DataProduct, wanted: odps.Product, before: odps.Product | None
) -> None:
    if session.actor is not None and not kernel.can(session.actor, "product.publish", product):
        session.note("$.team", "people", "The people in charge were not changed: its owners name them.")
        return
    present = Stewardship.objects.filter(product=product).select_related("user")
    for role in Stewardship.Role.values:
        now = {item.user for item in present if item.role == role}
        people = merge_sets(_people(before, role), now, _people(wanted, role))
        if people == now:
            continue
        try:
            products.set_stewards(actor=session.actor, product=product, role=role, users=people)
        except Conflict as conflict:
            session.note("$.team", "people", str(conflict), "warning")
    _note_strangers(session, wanted)


def _people(document: odps.Product | None, role: str) -> set[User]:
    members = document.team.members if document else ()
    today = timezone.localdate()
    found = (
        _person(member) for member in members if member.portal_role == role and not member.has_left(today)
    )
    return {person for person in found if person is not None}


def _person(member: Member) -> User | None:
    """The active person of this username or e-mail address."""
    name = member.username
    found: User | None = (
        User.objects.active().filter(Q(username__iexact=name) | Q(email__iexact=name)).first()
    )
    return found


def _note_strangers(session: Session, wanted: odps.Product) -> None:
    strangers = [member.username for member in wanted.team.members if _person(member) is None]
    if strangers:
        names = ", ".join(strangers[:10])
        session.note("$.team.members", "unknown-person", f"Not known here, so without rights: {names}.")
