"""Objectives of a port that follow the promises of its contract; what somebody changed by hand stays."""

from typing import Any

from catalog.contracts import odcs
from catalog.contracts.derive import merge
from catalog.contracts.results import Session
from catalog.contracts.sla import Promised, promises_of
from catalog.products.models import OutputPort
from catalog.slos import services as slos
from catalog.slos.models import ServiceLevelObjective

_DROPPED = "dropped"  # in `source_values`: the document withdrew it, not a person


def follow_promises(session: Session, port: OutputPort, contract: odcs.Contract) -> None:
    """Promise what the contract promises, change what it changed, withdraw what it no longer says."""
    item = contract.object_for(port.name)
    names = [name for each in contract.objects for name in (each.name, each.physical_name) if name]
    wanted = {found.key: found for found in promises_of(contract.sla, names, item.name if item else "")}
    _follow(session, port, wanted, ServiceLevelObjective.Source.CONTRACT)


def follow_descriptor(session: Session, port: OutputPort, items: Any) -> None:
    """Promise what a product's descriptor says of a port (`slaProperties`); what its contract says comes first."""
    listed = items if isinstance(items, list) else []
    contract = port.slos.active().filter(source=ServiceLevelObjective.Source.CONTRACT)
    agreed = set(contract.values_list("source_key", flat=True))
    found = {item.key: item for item in promises_of(listed, (), "") if item.key not in agreed}
    _follow(session, port, found, ServiceLevelObjective.Source.ODPS)


def _follow(
    session: Session, port: OutputPort, wanted: dict[str, Promised], source: ServiceLevelObjective.Source
) -> None:
    present = {
        slo.source_key: slo for slo in port.slos.filter(source=source).select_related("port__product__domain")
    }
    for key, promised in wanted.items():
        if key in present:
            _update(session, present[key], promised)
        else:
            origin: slos.SloOrigin = {
                "source": source.value,
                "source_key": key,
                "source_values": promised.values,
            }
            fields: Any = promised.values
            slos.create_slo(actor=session.actor, port=port, origin=origin, **fields)
    for key, slo in present.items():
        if key not in wanted and slo.ended_at is None:
            ended = slos.end_slo(actor=session.actor, slo=slo, reason=f"No longer in {session.path}")
            ServiceLevelObjective.objects.filter(pk=ended.pk).update(
                source_values={**slo.source_values, _DROPPED: True}
            )


def _update(session: Session, slo: ServiceLevelObjective, promised: Promised) -> None:
    base = dict(slo.source_values)
    was_dropped = bool(base.pop(_DROPPED, False))
    if was_dropped and slo.ended_at is not None:
        slo = slos.resume_slo(actor=session.actor, slo=slo, reason=f"Back in {session.path}")
    if base == promised.values and not was_dropped:
        return
    change = merge(base, {name: getattr(slo, name) for name in promised.values}, promised.values)
    for name in change.conflicts:
        session.note(
            "$.slaProperties",
            "edited-by-hand",
            f"{name.replace('_', ' ').capitalize()} of the objective {slo.name} was edited here and differs from the "
            "document. The edit was kept.",
            "warning",
        )
    origin: slos.SloOrigin = {"source_values": promised.values}
    fields: Any = change.updates
    slos.edit_slo(
        actor=session.actor, slo=slo, origin=origin, reason=f"Imported from {session.path}"[:100], **fields
    )
