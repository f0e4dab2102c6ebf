"""Output ports as documents declare them: made, brought up to date, offered under their contracts."""

from typing import Any

from catalog.accounts import kernel
from catalog.common.slugs import make_slug
from catalog.connections.models import Connection
from catalog.contracts import odcs, odps
from catalog.contracts.derive import merge, port_fields
from catalog.contracts.models import ContractVersion, DataContract, PortContract, ProductDescriptor
from catalog.contracts.reading import read_contract, read_product
from catalog.contracts.results import Session
from catalog.contracts.services.baseline import follow_baseline
from catalog.contracts.services.declared import declare_schema
from catalog.products import services as products
from catalog.products.models import DataProduct, OutputPort, Visibility
from catalog.products.permissions import audience

OutputPortPart = odps.OutputPortPart


def sync_ports(
    session: Session, product: DataProduct, wanted: odps.Product, before: odps.Product | None
) -> list[OutputPort]:
    """Make and edit the ports of `product` as its descriptor declares them; returns them in its order."""
    present = {
        (port.name, port.version): port for port in product.output_ports.select_related("product__domain")
    }
    earlier = {(part.name, part.version): part for part in before.output_ports} if before else {}
    slugs = slugs_of(wanted)
    found = []
    for part in wanted.output_ports:
        port = present.get((slugs[part.name], part.version))
        joint = joint_of(port) if port else None
        key = contract_key(joint, part, earlier.get((part.name, part.version)))
        contract = contract_for(session, product, joint, key)
        if port is None:
            port = _create(session, product, slugs[part.name], part, contract)
        else:
            base = earlier.get((part.name, part.version))
            _update(session, port, part, base, contract)
        _edit(session, port, _place(session, port, part))
        found.append(port)
    _note_missing(session, present, wanted, before)
    return found


def slugs_of(product: odps.Product) -> dict[str, str]:
    """Names of ports as the document writes them -> names here; different names stay different."""
    slugs: dict[str, str] = {}
    for part in product.output_ports:
        if part.name not in slugs:
            slugs[part.name] = make_slug(
                part.name, fallback="port", is_taken=lambda slug: slug in slugs.values()
            )
    return slugs


def joint_of(port: OutputPort) -> PortContract | None:
    """What the port is offered under."""
    known = PortContract.objects.select_related("version__contract__product__domain")
    return known.filter(port=port).first()


def contract_key(joint: PortContract | None, part: OutputPortPart, base: OutputPortPart | None) -> str:
    """The id of the contract a port is to be offered under: what a person chose since the last document stays."""
    if joint is None:
        return part.contract_key
    said = {"contract": base.contract_key} if base else None
    change = merge(said, {"contract": joint.contract_key}, {"contract": part.contract_key})
    return str(change.updates.get("contract", joint.contract_key))


def contract_for(
    session: Session, product: DataProduct, joint: PortContract | None, key: str
) -> odcs.Contract | None:
    """The contract of this id as a port is offered under it, else the newest that has arrived; parsed.

    None where there is none, or `product` may not offer under it.
    """
    if not key:
        return None
    version = joint.version if joint and joint.contract_key == key else None
    if version is None:
        versions = ContractVersion.objects.filter(contract__key=key)
        version = versions.select_related("contract__product__domain").order_by("-number").first()
    if version is None or not may_offer_under(session, version.contract, product):
        return None
    return read_contract(bytes(version.original))


def may_offer_under(session: Session, contract: DataContract, product: DataProduct) -> bool:
    """Whether ports of `product` may take what `contract` says: knowing an id must not open a hidden schema.

    A contract that belongs to another product is taken over only by somebody who may see that product and edit this
    one; where the portal itself imports, only when whoever sees this product may see that one too.
    """
    owner = contract.product
    if owner is None or owner.pk == product.pk:
        return True
    if session.actor is None:
        is_open = owner.is_published and owner.visibility == Visibility.MESH
        return is_open or audience(product) <= audience(owner)
    return kernel.can(session.actor, "product.view", owner) and kernel.can(
        session.actor, "product.edit", product
    )


def follow_contract(
    session: Session, port: OutputPort, contract: odcs.Contract, before: odcs.Contract | None
) -> None:
    """A (new version of a) contract arrived for `port`: fields it gives, declared schema, connection."""
    part = _part_of(port)
    base = port_fields(part, before)
    change = merge(base, _current(port, base), port_fields(part, contract))
    note_conflicts(session, port, change.conflicts)
    _edit(session, port, change.updates)
    follow_baseline(port, change.updates)
    declare_schema(session, port, contract)


def _create(
    session: Session, product: DataProduct, name: str, part: OutputPortPart, contract: odcs.Contract | None
) -> OutputPort:
    return products.create_port(
        actor=session.actor, product=product, name=name, version=part.version, **port_fields(part, contract)
    )


def _update(
    session: Session,
    port: OutputPort,
    part: OutputPortPart,
    base: OutputPortPart | None,
    contract: odcs.Contract | None,
) -> None:
    wanted = port_fields(part, contract)
    change = merge(port_fields(base, contract) if base else None, _current(port, wanted), wanted)
    note_conflicts(session, port, change.conflicts)
    _edit(session, port, change.updates)


def _edit(session: Session, port: OutputPort, fields: dict[str, Any]) -> None:
    if fields:
        products.edit_port(
            actor=session.actor, port=port, reason=f"Imported from {session.path}"[:100], **fields
        )
        port.refresh_from_db()


def _current(port: OutputPort, names: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(port, name) for name in names}


def _part_of(port: OutputPort) -> OutputPortPart | None:
    """What the newest descriptor of the product says of this port."""
    descriptor = ProductDescriptor.objects.filter(product=port.product).exclude(kind="registry").first()
    version = descriptor.versions.first() if descriptor else None
    if version is None:
        return None
    product = read_product(bytes(version.original))
    slugs = slugs_of(product)
    return next(
        (
            part
            for part in product.output_ports
            if (slugs[part.name], part.version) == (port.name, port.version)
        ),
        None,
    )


def _place(session: Session, port: OutputPort, part: OutputPortPart) -> dict[str, Any]:
    """The connection the document names, where the importer may offer what is in that store.

    Which of its assets is meant, the next crawl finds by the port's location.
    """
    named = part.custom.get("connection")
    if port.connection_id is not None or not isinstance(named, str):
        return {}
    connection = Connection.objects.filter(slug=named).first()
    if connection is None or not _may_offer(session, connection):
        session.note(
            "$", "connection", f"The connection {named!r} of port {port.name} is not available here."
        )
        return {}
    return {"connection": connection}


def _may_offer(session: Session, connection: Connection) -> bool:
    return session.actor is None or kernel.can(session.actor, "port.connect", connection)


def note_conflicts(session: Session, port: OutputPort, conflicts: dict[str, Any]) -> None:
    """Say that the document has something new where a person decided otherwise."""
    for name in conflicts:
        session.note(
            "$.outputPorts",
            "edited-by-hand",
            f"{name.replace('_', ' ').capitalize()} of port {port} was edited here and differs from the document. "
            "The edit was kept.",
            "warning",
        )


def _note_missing(
    session: Session,
    present: dict[tuple[str, str], OutputPort],
    wanted: odps.Product,
    before: odps.Product | None,
) -> None:
    if before is None:
        return
    slugs, earlier = slugs_of(wanted), slugs_of(before)
    declared = {(slugs[part.name], part.version) for part in wanted.output_ports}
    for part in before.output_ports:
        key = (earlier[part.name], part.version)
        if key in present and key not in declared:
            session.note(
                "$.outputPorts",
                "port-dropped",
                f"The port {part.name} {part.version} is no longer in the document. It was kept: somebody may read "
                "from it. Give it a sunset date.",
                "warning",
            )
