"""What the portal says of a product, as plain JSON: kept with each imported descriptor, so that edits can be told."""

from typing import Any

from catalog.contracts.models import PortContract, ProductDescriptor, ProductDescriptorVersion
from catalog.products.models import DataProduct, InputPort, OutputPort, Stewardship

State = dict[str, Any]

_FIELDS = (
    "name", "purpose", "description", "usage", "limitations", "archetype", "version", "region", "links", "support",
)  # fmt: skip
_PORT_FIELDS = (
    "name", "version", "title", "description", "kind", "environment", "modality", "location", "format", "platform",
    "region", "encryption_at_rest",
)  # fmt: skip


def state_of(product: DataProduct) -> State:
    """The state of `product` now; its ports and inputs by their primary keys as text."""
    product = DataProduct.objects.select_related("domain", "team", "classification", "successor__domain").get(
        pk=product.pk
    )
    people = Stewardship.objects.filter(product=product).select_related("user")
    ports = OutputPort.objects.filter(product=product).select_related("connection")
    contracts = dict(
        PortContract.objects.filter(port__product=product).values_list("port_id", "contract_key")
    )
    inputs = InputPort.objects.filter(product=product).select_related("upstream_port__contract_in_force")
    return {
        "fields": {name: getattr(product, name) for name in _FIELDS},
        "places": {
            "lifecycle": str(product.lifecycle),
            "domain": product.domain.slug,
            "team": product.team.name if product.team else "",
            "classification": product.classification.slug if product.classification else "",
            "visibility": str(product.visibility),
            "sunset": product.sunset_at.isoformat() if product.sunset_at else "",
            "successor": product.successor.key if product.successor else "",
            "lifecycle_note": product.lifecycle_note,
        },
        "tags": sorted(product.tags.values_list("name", flat=True)),
        "people": sorted([item.user.username, item.user.email, str(item.role)] for item in people),
        "ports": {str(port.pk): _port(port, contracts.get(port.pk, "")) for port in ports},
        "inputs": {str(port.pk): _input(port) for port in inputs},
    }


def _port(port: OutputPort, contract: str) -> State:
    fields = {name: getattr(port, name) for name in _PORT_FIELDS}
    return {**fields, "connection": port.connection.slug if port.connection else "", "contract": contract}


def _input(port: InputPort) -> State:
    joint = getattr(port.upstream_port, "contract_in_force", None) if port.upstream_port else None
    contract = port.reference or (joint.contract_key if joint else "") or port.name
    return {"name": port.name, "version": port.version, "contract": contract}


def baseline_after(
    product: DataProduct,
    port_places: list[str],
    input_places: list[str | None],
    earlier: State | None,
    before: State | None,
) -> State:
    """The baseline of a version that was just imported.

    The places say which port and input here each entry of the document became. `earlier` is the baseline of the
    version before it, `before` the state just before this import. What a person had edited and the import left alone
    stays an edit: its earlier baseline is carried on.
    """
    after = state_of(product)
    described: dict[str, Any] = {"ports": port_places, "inputs": input_places}
    for part, places in described.items():
        known = {*places, *(earlier or {}).get(part, ())}
        after[part] = {key: fields for key, fields in after[part].items() if key in known}
        after[f"{part}_places"] = places
    if earlier is None or before is None:
        return after
    for part in ("fields", "places"):
        after[part] = _carried(earlier.get(part, {}), before[part], after[part])
    for part in ("ports", "inputs"):
        carried = earlier.get(part, {})
        for key, fields in after[part].items():
            if key in carried and key in before[part]:
                after[part][key] = _carried(carried[key], before[part][key], fields)
    for part in ("tags", "people"):  # those of people stay, and stay edits
        said: list[Any] = earlier[part] if part in earlier else before[part]
        added = [item for item in before[part] if item not in said]
        removed = [item for item in said if item not in before[part] and item not in after[part]]
        after[part] = [*(item for item in after[part] if item not in added), *removed]
    return after


def _carried(earlier: State, before: State, after: State) -> State:
    return {
        name: earlier[name] if name in earlier and before.get(name) == value != earlier[name] else value
        for name, value in after.items()
    }


def follow_baseline(port: OutputPort, updates: dict[str, Any]) -> None:
    """A contract that arrived later filled fields of `port`: that is no edit of a person."""
    descriptor = ProductDescriptor.objects.filter(product=port.product).exclude(kind="registry").first()
    version: ProductDescriptorVersion | None = (
        descriptor.versions.defer("original").first() if descriptor else None
    )
    fields = version.baseline.get("ports", {}).get(str(port.pk)) if version else None
    if version is None or fields is None:
        return
    fields.update({name: value for name, value in updates.items() if name in fields})
    version.save(update_fields=["baseline"])
