"""Asking for checks, changing and ending them, and taking results."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.changes import Changes, difference, snapshot
from catalog.common.announcing import announce
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.validation import clean, invalid
from catalog.products.models import OutputPort
from catalog.quality import cron, storing
from catalog.quality.models import CheckState, QualityCheck
from catalog.quality.outcomes import Outcome, Status
from catalog.quality.parameters import problems
from catalog.quality.signals import checks_edited, results_recorded
from catalog.quality.storing import NewResult
from catalog.quality.words import default_dimension, default_name

FIELDS = (
    "name", "description", "element", "kind", "parameters", "dimension", "severity", "every", "schedule",
    "ended_at",
)  # fmt: skip
MOST_RESULTS = 10_000  # of one call
AHEAD = dt.timedelta(minutes=5)  # that a foreign clock may be
_MOST_ROWS = 2**62


class CheckFields(TypedDict, total=False):
    """What may be said of a check; its kind only when it is made."""

    name: str
    description: str
    element: str
    kind: str
    parameters: dict[str, Any]
    dimension: str
    severity: str
    every: dt.timedelta | None
    schedule: str


class CheckOrigin(TypedDict, total=False):
    """Where a check came from."""

    source: str
    source_key: str
    contract_path: str


@transaction.atomic
def create_check(
    *, actor: User | None, port: OutputPort, origin: CheckOrigin | None = None, **fields: Unpack[CheckFields]
) -> QualityCheck:
    """Ask something of a port's data. Without a name or dimension they follow from the kind.

    Raises NotAllowed, Invalid.
    """
    kernel.require(actor, "check.create", port.product, "You may not ask for checks of this product.")
    made = QualityCheck(port=port, **fields, **(origin or {}))
    verify(made)
    _save(made, actor)
    CheckState.objects.create(quality_check=made)
    _record(actor, "check.created", made, difference({}, snapshot(made, FIELDS)))
    _announce(made)
    return made


@transaction.atomic
def edit_check(
    *,
    actor: User | None,
    check: QualityCheck,
    expected_revision: int | None = None,
    reason: str = "",
    **fields: Unpack[CheckFields],
) -> QualityCheck:
    """Change what is given.

    Raises NotAllowed, Invalid, Conflict (somebody was faster; another kind; its contract or tool says it).
    """
    kernel.require(actor, "check.edit", check)
    fresh = _locked(check)
    refuse_foreign(fresh)
    before = snapshot(fresh, FIELDS)
    for name, value in fields.items():
        setattr(fresh, name, value)
    changes = difference(before, snapshot(fresh, FIELDS))
    if not changes and expected_revision in (None, fresh.revision):
        return fresh
    if "kind" in changes:
        raise Conflict(
            "The kind of a check stays.",
            kept="Nothing was changed.",
            remedy="Make a new check and end this one.",
        )
    bump_revision(fresh, expected_revision)
    verify(fresh)
    _save(fresh, actor, reason)
    _record(actor, "check.edited", fresh, changes, reason)
    _announce(fresh)
    return fresh


@transaction.atomic
def end_check(*, actor: User | None, check: QualityCheck, reason: str = "") -> QualityCheck:
    """Ask no longer; the results stay. Raises NotAllowed, Conflict."""
    return _set_end(actor, check, timezone.now(), "check.ended", reason)


@transaction.atomic
def resume_check(*, actor: User | None, check: QualityCheck, reason: str = "") -> QualityCheck:
    """Ask again what was ended. Raises NotAllowed, Conflict."""
    return _set_end(actor, check, None, "check.resumed", reason)


def _set_end(
    actor: User | None, check: QualityCheck, at: dt.datetime | None, verb: str, reason: str
) -> QualityCheck:
    kernel.require(actor, "check.edit", check)
    fresh = _locked(check)
    if (fresh.ended_at is None) == (at is None):
        return fresh
    refuse_foreign(fresh)
    before = snapshot(fresh, FIELDS)
    fresh.ended_at = at
    bump_revision(fresh, None)
    _save(fresh, actor, reason)
    _record(actor, verb, fresh, difference(before, snapshot(fresh, FIELDS)), reason)
    tell_ends([fresh.pk], is_end=at is not None)
    _announce(fresh)
    return fresh


@transaction.atomic
def delete_check(*, actor: User | None, check: QualityCheck) -> None:
    """Delete a check with its results. Raises NotAllowed, Conflict (its contract says it)."""
    kernel.require(actor, "check.edit", check)
    if check.source == QualityCheck.Source.CONTRACT and check.is_active:
        refuse_foreign(check)
    tell_ends([check.pk], is_end=True, at_once=True)
    _record(actor, "check.deleted", check, {})
    _announce(check)
    check.delete()


def tell_ends(check_ids: Sequence[int], *, is_end: bool, at_once: bool = False) -> None:
    """`check_changed` for checks that are no longer asked (now unknown), or asked again (as they stood).

    `at_once`: within the transaction, for checks that are gone when it ends.
    """
    rows = CheckState.objects.filter(quality_check__in=check_ids).exclude(status=Status.UNKNOWN)
    unknown = Status.UNKNOWN.value
    changed: list[tuple[int, str, str, dt.datetime | None]] = [
        (pk, status, unknown, None) if is_end else (pk, unknown, status, at)
        for pk, status, at in rows.values_list("pk", "status", "measured_at")
    ]
    if at_once:
        storing.announce(changed)
    else:
        transaction.on_commit(partial(storing.announce, changed))


def refuse_foreign(check: QualityCheck) -> None:
    """Raise Conflict for a check that somebody else says."""
    if check.source not in (QualityCheck.Source.FORM, QualityCheck.Source.API):
        where = "the contract" if check.source == QualityCheck.Source.CONTRACT else "the tool it came from"
        raise Conflict(
            f"This check is said by {where}.", kept="Nothing was changed.", remedy=f"Change it in {where}."
        )


def record_results(
    *, actor: User | None, results: Iterable[NewResult], now: dt.datetime | None = None
) -> int:
    """Take results, all or none; returns of how many ports something is new.

    The same check at the same moment is one result, of several the worst, so order and repetition do not matter.
    Samples are dropped: nobody can tell here whether another tool's values are personal. Ports are scored anew by
    whoever hears `results_recorded`. Raises NotAllowed, Invalid naming each by its place.
    """
    now = now or timezone.now()
    listed = list(results)
    if len(listed) > MOST_RESULTS:
        raise Invalid(
            "There are too many results.", problems=[Problem("$", "size", f"At most {MOST_RESULTS:,}.")]
        )
    checks = QualityCheck.objects.select_related("port__product").in_bulk({item.check_id for item in listed})
    products = {check.port.product_id: check.port.product for check in checks.values()}
    for product in products.values():
        kernel.require(actor, "check.measure", product, "You may not send results for this product.")
    found = [bad for place, item in enumerate(listed) for bad in _result_problems(item, place, checks, now)]
    if found:
        words = f"{len(found)} results cannot be taken." if len(found) > 1 else found[0].message
        raise Invalid(words, kept="Nothing was stored.", problems=found[:100])
    with transaction.atomic():
        ports = storing.store_results(replace(item, sample=()) for item in listed)
        if ports:
            transaction.on_commit(partial(results_recorded.send, sender=QualityCheck, port_ids=sorted(ports)))
    return len(ports)


def _result_problems(
    item: NewResult, place: int, checks: dict[int, QualityCheck], now: dt.datetime
) -> list[Problem]:
    path, found = f"$[{place}]", []
    if item.check_id not in checks:
        found.append(Problem(f"{path}.check_id", "missing", "There is no such check."))
    if item.outcome not in Outcome.values:
        found.append(Problem(f"{path}.outcome", "choice", f"It is one of {', '.join(Outcome.values)}."))
    if item.measured_at > now + AHEAD:
        found.append(Problem(f"{path}.measured_at", "future", "It was measured in the future."))
    if item.measured_at < storing.oldest_allowed(now):
        found.append(Problem(f"{path}.measured_at", "too_late", "It is older than results are kept here."))
    for name in ("failed_rows", "total_rows"):
        count = getattr(item, name)
        if count is not None and not 0 <= count < _MOST_ROWS:
            found.append(Problem(f"{path}.{name}", "range", "A number of rows is 0 or more."))
    if item.value is not None and not math.isfinite(item.value):
        found.append(Problem(f"{path}.value", "number", "It is not a finite number."))
    if not item.source:
        found.append(Problem(f"{path}.source", "required", "Say which tool measured it."))
    return found


def verify(check: QualityCheck) -> None:
    """Raise Invalid naming what a check says wrongly; name and dimension follow from the kind when not given."""
    found = (
        problems(check.kind, check.element, check.parameters)
        if check.kind in QualityCheck.Kind.values
        else []
    )
    if found:
        raise invalid(found)
    check.name = " ".join(check.name.split()) or default_name(check.kind, check.element, check.parameters)
    check.dimension = check.dimension or default_dimension(check.kind)
    clean(check, exclude=["port", "parameters"])
    if check.every is not None and not dt.timedelta(minutes=1) <= check.every <= dt.timedelta(days=366):
        raise invalid([Problem("every", "range", "Between a minute and a year.")])
    check.schedule = " ".join(check.schedule.split())
    if check.schedule:
        _verify_schedule(check)


def _verify_schedule(check: QualityCheck) -> None:
    if check.every is not None:
        raise invalid([Problem("schedule", "choice", "Say a span or a schedule, not both.")])
    try:
        cron.parse(check.schedule)
    except ValueError as error:
        raise invalid([Problem("schedule", "cron", str(error))]) from error


def _locked(check: QualityCheck) -> QualityCheck:
    rows = QualityCheck.objects.select_related("port__product__domain")
    return rows.select_for_update(of=("self",)).get(pk=check.pk)


def _save(check: QualityCheck, actor: User | None, reason: str = "") -> None:
    check._history_user = actor  # type: ignore[attr-defined]  # read by simple-history
    check._change_reason = reason[:100] or None  # type: ignore[attr-defined]
    check.save()


def _record(actor: User | None, verb: str, check: QualityCheck, changes: Changes, reason: str = "") -> None:
    audit.record(
        actor=actor,
        verb=verb,
        obj=check,
        product_id=check.port.product_id,
        changes=changes,
        detail={"reason": reason} if reason else {},
    )


def _announce(check: QualityCheck) -> None:
    announce(checks_edited, sender=QualityCheck, port_ids=[check.port_id])
