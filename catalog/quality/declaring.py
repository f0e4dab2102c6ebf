"""Checks that a document or another tool declares for a port: made, changed, ended and resumed together, in bulk."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.announcing import announce
from catalog.common.errors import Conflict
from catalog.products.models import OutputPort
from catalog.quality.models import CheckState, QualityCheck
from catalog.quality.services import tell_ends, verify
from catalog.quality.signals import checks_edited

_SAID = (
    "name", "description", "element", "parameters", "dimension", "severity", "every", "schedule", "contract_path",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredCheck:
    """A check as its source says it. `key` is its identity there; name and dimension may be left to follow."""

    key: str
    kind: str
    name: str = ""
    description: str = ""
    element: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    dimension: str = ""
    severity: str = QualityCheck.Severity.ERROR.value
    every: dt.timedelta | None = None
    schedule: str = ""
    contract_path: str = ""


@transaction.atomic
def declare_checks(
    *,
    actor: User | None,
    port: OutputPort,
    source: str,
    declared: Sequence[DeclaredCheck],
    ends_others: bool,
    reason: str = "",
) -> dict[str, QualityCheck]:
    """Make the checks of a source on a port be what it says now; returns them by their keys.

    A key is one check: declared again it is changed, and asked again when it had ended. A check whose kind became
    another is a new one in the old one's place. With `ends_others` checks of the source that it no longer says end.
    Raises NotAllowed, Conflict (not a source that declares), Invalid.
    """
    kernel.require(actor, "check.create", port.product, "You may not ask for checks of this product.")
    if source not in (QualityCheck.Source.CONTRACT, QualityCheck.Source.DBT, QualityCheck.Source.OUTSIDE):
        raise Conflict(f"Checks of the source {source} are made one by one.")
    OutputPort.objects.select_for_update().only("pk").get(pk=port.pk)  # two declarations take turns
    present = {
        check.source_key: check
        for check in port.checks.filter(source=source).exclude(source_key="").select_related("port__product")
    }
    wanted = {item.key[:300]: item for item in declared}
    replaced = [check for key, check in present.items() if key in wanted and wanted[key].kind != check.kind]
    _forget(replaced)
    for check in replaced:
        del present[check.source_key]
    new = [_new(port, source, key, item) for key, item in wanted.items() if key not in present]
    changed = [present[key] for key, item in wanted.items() if key in present and _alter(present[key], item)]
    resumed = [check for check in changed if check.ended_at is not None]
    ended = [check for key, check in present.items() if ends_others and key not in wanted and check.is_active]
    _write(actor, new, changed, ended, reason)
    tell_ends([check.pk for check in ended], is_end=True)
    tell_ends([check.pk for check in resumed], is_end=False)
    if new or changed or ended:
        counts = {"made": len(new), "changed": len(changed), "ended": len(ended), "reason": reason}
        audit.record(
            actor=actor, verb="port.checks_declared", obj=port, product_id=port.product_id, detail=counts
        )
        announce(checks_edited, sender=QualityCheck, port_ids=[port.pk])
    rows = (
        port.checks.filter(source=source, source_key__in=list(wanted))
        if len(wanted) <= 500
        else (port.checks.filter(source=source))
    )
    return {check.source_key: check for check in rows if check.source_key in wanted}


def _forget(replaced: Sequence[QualityCheck]) -> None:
    tell_ends([check.pk for check in replaced], is_end=True, at_once=True)
    QualityCheck.objects.filter(pk__in=[check.pk for check in replaced]).delete()


def _new(port: OutputPort, source: str, key: str, item: DeclaredCheck) -> QualityCheck:
    made = QualityCheck(port=port, kind=item.kind, source=source, source_key=key)
    _say(made, item)
    return made


def _say(check: QualityCheck, item: DeclaredCheck) -> None:
    for name in _SAID:
        value = getattr(item, name)
        setattr(check, name, dict(value) if name == "parameters" else value)
    check.name, check.contract_path = check.name[:200], check.contract_path[:500]
    verify(check)


def _alter(check: QualityCheck, item: DeclaredCheck) -> bool:
    """Let the check say what is declared; whether that is anything new."""
    before = [getattr(check, name) for name in _SAID]
    _say(check, item)
    return before != [getattr(check, name) for name in _SAID] or check.ended_at is not None


def _write(
    actor: User | None,
    new: Sequence[QualityCheck],
    changed: Sequence[QualityCheck],
    ended: Sequence[QualityCheck],
    reason: str,
) -> None:
    now = timezone.now()
    for check in changed:
        check.ended_at = None
    for check in ended:
        check.ended_at = now
    for check in (*changed, *ended):
        check.revision += 1
        check.updated_at = now
    why = reason[:100]
    if new:
        bulk_create_with_history(
            list(new), QualityCheck, batch_size=200, default_user=actor, default_change_reason=why
        )
        CheckState.objects.bulk_create((CheckState(quality_check=check) for check in new), batch_size=200)
    if changed or ended:
        fields = [*_SAID, "ended_at", "revision", "updated_at"]
        rows = [*changed, *ended]
        bulk_update_with_history(
            rows, QualityCheck, fields, batch_size=200, default_user=actor, default_change_reason=why
        )
