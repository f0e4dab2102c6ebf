"""Optimistic locking: the second of two editors is told, and what they typed is kept."""

from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone
from django.utils.timesince import timesince

from catalog.common.errors import NotFound, StaleRevision


def bump_revision(instance: Any, expected: int | None) -> int:
    """Take the next revision of `instance` if its row still is at `expected`; returns it.

    None expects the revision the instance itself was read with, so that a stale instance never overwrites either.
    One conditional UPDATE, so of two callers one wins on every database. Call it first inside the service's
    transaction; `instance.revision` is set, and a later `save()` writes the same number. Raises StaleRevision when
    somebody was faster, saying who changed what, and NotFound when the row is gone.
    """
    model: type[Model] = type(instance)
    rows = model._default_manager.filter(pk=instance.pk)
    wanted = int(instance.revision if expected is None else expected)
    if not rows.filter(revision=wanted).update(revision=wanted + 1):
        if not rows.exists():
            raise NotFound(f"This {model._meta.verbose_name} is no longer there.")
        raise StaleRevision(
            f"{_last_change(instance)} while you were editing.",
            kept="Nothing of theirs was overwritten, and what you typed is still here.",
            remedy="Compare with the present state, then save again.",
        )
    instance.revision = wanted + 1
    return wanted + 1


def audit_kind(model: type[Model]) -> str:
    """The audit trail's word for a model: the last word of its name (`output port` is a `port`)."""
    return str(model._meta.verbose_name).rsplit(" ", 1)[-1]


def _last_change(instance: Model) -> str:
    """Who changed what last, from the audit trail; the model is looked up because `common` knows no feature."""
    kind = audit_kind(type(instance))
    events = apps.get_model("catalog", "AuditEvent")._default_manager
    event: Any = events.filter(object_kind=kind, object_id=instance.pk).order_by("-at", "-id").first()
    if event is None:
        return f"Somebody else changed this {kind}"
    fields = ", ".join(name.replace("_", " ") for name in event.changes) or f"this {kind}"
    age = timesince(event.at, timezone.now()).split(",")[0].replace("\xa0", " ")
    when = "a moment ago" if age == "0 minutes" else f"{age} ago"
    return f"{event.actor_name} changed {fields} {when}"
