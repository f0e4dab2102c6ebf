"""Promising objectives, changing and withdrawing them, and taking measurements from outside."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
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
from catalog.slos import storing
from catalog.slos.bounds import problems_of_bounds, with_bounds
from catalog.slos.evaluating import evaluate_slos
from catalog.slos.judging import judge_value
from catalog.slos.models import ServiceLevelObjective, SloState
from catalog.slos.preview import LOOKED_AT, past
from catalog.slos.signals import slos_changed
from catalog.slos.windows import DAY

FIELDS = (
    "name", "description", "kind", "element", "target", "at_least", "at_most", "unit", "window", "window_days",
    "time_zone", "criticality", "expected_every", "ended_at",
)  # fmt: skip
MOST_MEASUREMENTS = 10_000  # of one request
AHEAD = dt.timedelta(minutes=5)  # that a foreign clock may be


class SloFields(TypedDict, total=False):
    """What may be said of an objective; kind and time zone only until it was measured."""

    name: str
    description: str
    kind: str
    element: str
    target: float
    at_least: float | None
    at_most: float | None
    unit: str
    window: str
    window_days: int
    time_zone: str
    criticality: str
    expected_every: dt.timedelta | None


class SloOrigin(TypedDict, total=False):
    """Where an objective came from."""

    source: str
    source_key: str
    source_values: dict[str, Any]


@transaction.atomic
def create_slo(
    *, actor: User | None, port: OutputPort, origin: SloOrigin | None = None, **fields: Unpack[SloFields]
) -> ServiceLevelObjective:
    """Promise an objective on a port. Without a name one is made of what it says. Raises NotAllowed, Invalid."""
    kernel.require(actor, "slo.create", port.product, "You may not promise anything for this product.")
    slo = ServiceLevelObjective(port=port, **fields, **(origin or {}))
    check(slo)
    _save(slo, actor)
    SloState.objects.create(slo=slo)
    _look_back(slo, timezone.now())
    _record(actor, "slo.created", slo, difference({}, snapshot(slo, FIELDS)))
    _announce(slo)
    return slo


@transaction.atomic
def edit_slo(
    *,
    actor: User | None,
    slo: ServiceLevelObjective,
    expected_revision: int | None = None,
    reason: str = "",
    origin: SloOrigin | None = None,
    **fields: Unpack[SloFields],
) -> ServiceLevelObjective:
    """Change what is given. New bounds count for values measured before as well, as long as they are kept.

    Raises NotAllowed, Invalid, Conflict (somebody was faster; kind or time zone of what was measured already).
    """
    kernel.require(actor, "slo.edit", slo)
    fresh = _locked(slo)
    before = snapshot(fresh, FIELDS)
    for name, value in {**fields, **(origin or {})}.items():
        setattr(fresh, name, value)
    changes = difference(before, snapshot(fresh, FIELDS))
    if not changes and not origin and expected_revision in (None, fresh.revision):
        return fresh
    if {"kind", "time_zone"} & changes.keys() and fresh.measurements.exists():
        raise Conflict(
            "The kind and the time zone of an objective stay once it was measured.",
            kept="Nothing was changed.",
            remedy="Make a new objective and withdraw this one.",
        )
    bump_revision(fresh, expected_revision)
    check(fresh)
    _save(fresh, actor, reason)
    if {"at_least", "at_most"} & changes.keys():
        _judge_again(fresh)
    evaluate_slos([fresh.pk], now=timezone.now())
    if changes:
        _record(actor, "slo.edited", fresh, changes, reason)
    _announce(fresh)
    return fresh


@transaction.atomic
def end_slo(*, actor: User | None, slo: ServiceLevelObjective, reason: str = "") -> ServiceLevelObjective:
    """Withdraw a promise: it is measured no longer, what was measured stays. Raises NotAllowed."""
    return _set_end(actor, slo, timezone.now(), "slo.ended", reason)


@transaction.atomic
def resume_slo(*, actor: User | None, slo: ServiceLevelObjective, reason: str = "") -> ServiceLevelObjective:
    """Promise again what was withdrawn. Raises NotAllowed."""
    return _set_end(actor, slo, None, "slo.resumed", reason)


def _set_end(
    actor: User | None, slo: ServiceLevelObjective, at: dt.datetime | None, verb: str, reason: str
) -> ServiceLevelObjective:
    kernel.require(actor, "slo.edit", slo)
    fresh = _locked(slo)
    if (fresh.ended_at is None) == (at is None):
        return fresh
    before = snapshot(fresh, FIELDS)
    fresh.ended_at = at
    bump_revision(fresh, None)
    _save(fresh, actor, reason)
    SloState.objects.filter(slo=fresh).update(due_at=None)
    _record(actor, verb, fresh, difference(before, snapshot(fresh, FIELDS)), reason)
    _announce(fresh)
    return fresh


@transaction.atomic
def delete_slo(*, actor: User | None, slo: ServiceLevelObjective) -> None:
    """Delete an objective with everything measured of it. Raises NotAllowed."""
    kernel.require(actor, "slo.edit", slo)
    _record(actor, "slo.deleted", slo, {})
    _announce(slo)
    slo.delete()


@dataclass(frozen=True, slots=True)
class Given:
    """A measurement from outside: either `value`, judged here, or `good` and `bad` events. `key` "": its time."""

    measured_at: dt.datetime
    key: str = ""
    value: float | None = None
    good: int | None = None
    bad: int | None = None


def record_measurements(
    *,
    actor: User | None,
    slo: ServiceLevelObjective,
    measurements: Sequence[Given],
    now: dt.datetime | None = None,
) -> int:
    """Take measurements of a custom objective, all or none; returns how many were new or different.

    Raises NotAllowed, Conflict (measured by crawls, or withdrawn), Invalid naming each by its place.
    """
    now = now or timezone.now()
    kernel.require(actor, "slo.measure", slo, "You may not send measurements of this objective.")
    if slo.kind != ServiceLevelObjective.Kind.CUSTOM:
        raise Conflict(
            f"Crawls measure {slo.get_kind_display().lower()}; only custom objectives are measured from outside.",
            kept="Nothing was stored.",
        )
    if slo.ended_at is not None:
        raise Conflict("This objective was withdrawn.", kept="Nothing was stored.", remedy="Resume it first.")
    problems = [
        found for place, item in enumerate(measurements) for found in _problems(slo, item, place, now)
    ]
    if problems:
        raise Invalid(
            f"{len(problems)} measurements cannot be taken." if len(problems) > 1 else problems[0].message,
            kept="Nothing was stored.",
            problems=problems[:100],
        )
    rows = [_new(slo, item) for item in measurements]
    with transaction.atomic():
        before = slo.measurements.count()
        changed = storing.store_measurements(rows, now=now)
        return max(slo.measurements.count() - before, len(changed))


def _problems(slo: ServiceLevelObjective, item: Given, place: int, now: dt.datetime) -> list[Problem]:
    path = f"$[{place}]"
    found = []
    if item.measured_at > now + AHEAD:
        found.append(Problem(f"{path}.measured_at", "future", "It was measured in the future."))
    if item.measured_at < storing.oldest_allowed(now):
        found.append(
            Problem(f"{path}.measured_at", "too_late", "It is older than raw measurements are kept here.")
        )
    if (item.value is None) == (item.good is None and item.bad is None):
        found.append(Problem(path, "value_or_counts", "Send either a value, or good and bad events."))
    elif item.value is not None and slo.at_least is None and slo.at_most is None:
        found.append(
            Problem(f"{path}.value", "no_bounds", "This objective has no bounds; send good and bad events.")
        )
    elif item.value is None and not (item.good or 0) + (item.bad or 0):
        found.append(Problem(path, "empty", "Good and bad events are both 0."))
    return found


def _new(slo: ServiceLevelObjective, item: Given) -> storing.NewMeasurement:
    key = item.key or item.measured_at.astimezone(dt.UTC).isoformat()
    good, bad = item.good or 0, item.bad or 0
    if item.value is not None:
        is_good = judge_value(item.value, slo.at_least, slo.at_most)
        good, bad = int(is_good), int(not is_good)
    return storing.NewMeasurement(slo.pk, key[:100], item.measured_at, good, bad, item.value)


def _look_back(slo: ServiceLevelObjective, now: dt.datetime) -> None:
    """Crawls of the last weeks count from the beginning, where they left what is needed to judge by."""
    measured = past(slo, now - LOOKED_AT * DAY, now)
    if measured:
        storing.store_measurements(measured, now=now)
        evaluate_slos([slo.pk], now=now)


def _judge_again(slo: ServiceLevelObjective) -> None:
    """Values measured before are held against the new bounds; counts without a value stay as they came."""
    rows = slo.measurements.exclude(value=None).values_list("key", "measured_at", "value", "good", "bad")
    again = []
    for key, at, value, good, bad in rows.iterator(chunk_size=5_000):
        if value is None:
            continue
        is_good = judge_value(value, slo.at_least, slo.at_most)
        if (good, bad) != (int(is_good), int(not is_good)):
            again.append(storing.NewMeasurement(slo.pk, key, at, int(is_good), int(not is_good), value))
    storing.store_measurements(again, now=timezone.now())


def _locked(slo: ServiceLevelObjective) -> ServiceLevelObjective:
    rows = ServiceLevelObjective.objects.select_related("port__product__domain")
    return rows.select_for_update(of=("self",)).get(pk=slo.pk)


def check(slo: ServiceLevelObjective) -> None:
    """Raise Invalid naming the fields of an objective that mean nothing; without a name its kind names it.

    Bounds its kind has no use for are dropped.
    """
    slo.name = " ".join(slo.name.split()) or slo.get_kind_display()
    with_bounds(slo)
    clean(slo, exclude=["port", "source_values"])
    if problems := problems_of_bounds(slo):
        raise invalid(problems)


def _save(slo: ServiceLevelObjective, actor: User | None, reason: str = "") -> None:
    slo._history_user = actor  # type: ignore[attr-defined]  # read by simple-history
    slo._change_reason = reason[:100] or None  # type: ignore[attr-defined]
    slo.save()


def _record(
    actor: User | None, verb: str, slo: ServiceLevelObjective, changes: Changes, reason: str = ""
) -> None:
    audit.record(
        actor=actor,
        verb=verb,
        obj=slo,
        product_id=slo.port.product_id,
        changes=changes,
        detail={"reason": reason} if reason else {},
    )


def _announce(slo: ServiceLevelObjective) -> None:
    announce(slos_changed, sender=ServiceLevelObjective, port_ids=[slo.port_id])
