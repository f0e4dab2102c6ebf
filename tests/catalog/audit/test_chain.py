"""The audit trail as a chain: whatever is done to a row behind the portal's back is found and named."""

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import models
from django.utils import timezone

from catalog.audit import chain
from catalog.audit import services as audit
from catalog.audit.models import AuditEvent, Numbering
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def record(cast: Cast, count: int = 5) -> list[AuditEvent]:
    return [
        audit.record(
            actor=cast.owner if number % 2 else None,
            verb="product.edited",
            obj=cast.play_events,
            changes={"name": ["Plays", f"Plays {number}"]},
            detail={"share": 0.5, "whole": 1.0, "ö": [None, True]},
        )
        for number in range(count)
    ]


def forge(event: AuditEvent, **values: Any) -> None:
    """As somebody with the database's password would."""
    models.QuerySet(AuditEvent).filter(pk=event.pk).update(**values)


def test_a_trail_nobody_touched_is_whole(cast: Cast) -> None:
    record(cast)
    assert chain.verify().unsealed == AuditEvent.objects.count() >= 5
    sealed = chain.seal_waiting()
    found = chain.verify()
    assert (found.broken, found.unsealed, found.checked) == ("", 0, sealed)
    record(cast)
    assert chain.seal_waiting() == 5
    assert chain.verify().position == sealed + 5


@pytest.mark.parametrize(
    "values",
    [
        {"changes": {"name": ["Plays", "another"]}},
        {"actor_name": "somebody else"},
        {"verb": "product.read"},
        {"at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"object_id": 77},
        {"detail": {}},
        {"digest": "0" * 64},
        {"actor_number": 12345},
    ],
    ids=lambda values: next(iter(values)),
)
def test_an_altered_row_is_named(cast: Cast, values: dict[str, Any]) -> None:
    events = record(cast)
    chain.seal_waiting()
    forge(events[2], **values)
    found = chain.verify()
    assert found.broken
    assert found.broken_id == events[2].pk


def test_another_person_in_the_row_is_found_and_a_person_who_is_gone_is_none(cast: Cast) -> None:
    event = record(cast, 2)[1]
    chain.seal_waiting()
    forge(event, actor_id=None)
    assert not chain.verify().broken
    forge(event, actor_id=cast.steward.pk)
    assert chain.verify().broken_id == event.pk


def test_a_row_taken_out_and_the_end_cut_off_are_found(cast: Cast) -> None:
    events = record(cast)
    chain.seal_waiting()
    models.QuerySet(AuditEvent).filter(pk=events[-1].pk).delete()
    assert "the last ones are missing" in chain.verify().broken
    models.QuerySet(AuditEvent).filter(pk=events[1].pk).delete()
    assert chain.verify().broken_id == events[2].pk


def test_two_rows_exchanged_are_found(cast: Cast) -> None:
    first, second, *_ = record(cast)
    chain.seal_waiting()
    first.refresh_from_db()
    second.refresh_from_db()
    forge(first, position=None)
    forge(second, position=first.position, digest=first.digest)
    forge(first, position=second.position, digest=second.digest)
    assert chain.verify().broken


def test_retention_deletes_from_the_beginning_says_so_and_leaves_a_chain(cast: Cast) -> None:
    events = record(cast, 6)
    now = timezone.now()
    for event in events[:3]:
        forge(event, at=now - dt.timedelta(days=400))
    chain.seal_waiting()
    oldest_kept = events[3].pk
    assert chain.prune(now - dt.timedelta(days=365), most=100) == len(events[:3])
    assert AuditEvent.objects.order_by("position").filter(position__isnull=False).first().pk == oldest_kept  # type: ignore[union-attr]
    told = AuditEvent.objects.get(verb="audit.pruned")
    assert told.detail["events"] == 3
    chain.seal_waiting()
    found = chain.verify()
    assert (found.broken, found.begins_after) == ("", 3)
    assert chain.prune(now - dt.timedelta(days=365), most=100) == 0
    assert AuditEvent.objects.filter(verb="audit.pruned").count() == 1


def test_a_deletion_dressed_up_as_retention_is_found(cast: Cast) -> None:
    events = record(cast)
    chain.seal_waiting()
    second = AuditEvent.objects.get(pk=events[1].pk)
    Numbering.objects.create(name="audit_pruned", position=second.position or 0, digest=second.digest)
    models.QuerySet(AuditEvent).filter(position__lte=second.position).delete()
    assert chain.verify().broken == "No event of the trail says that its beginning was deleted."


def test_the_command_says_whole_or_names_the_first_broken_event(cast: Cast) -> None:
    events = record(cast)
    out = StringIO()
    call_command("verify_audit", stdout=out)
    *_, words, head = out.getvalue().splitlines()
    assert words.startswith("The chain is whole")
    call_command("verify_audit", expect=head, stdout=out)
    with pytest.raises(CommandError, match="another digest"):
        call_command("verify_audit", expect=f"{head.split(':')[0]}:{'0' * 64}", stdout=out)
    forge(events[1], verb="product.read")
    with pytest.raises(CommandError, match=f"Event {events[1].pk}: ") as broken:
        call_command("verify_audit", stdout=out)
    assert broken.value.returncode == 1


def test_a_whole_new_chain_is_found_by_what_was_noted(cast: Cast) -> None:
    event = record(cast)[1]
    chain.seal_waiting()
    noted = chain.verify()
    forge(event, verb="product.read")
    models.QuerySet(AuditEvent).update(position=None, digest="")
    Numbering.objects.all().delete()
    chain.seal_waiting()
    assert not chain.verify().broken
    with pytest.raises(CommandError, match="made anew"):
        call_command("verify_audit", expect=f"{noted.position}:{noted.digest}", stdout=StringIO())
