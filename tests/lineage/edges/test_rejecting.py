"""Senders whose word about a dataset its owners do not believe: edges end, nothing more is taken in, and back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.accounts.models import Role, User
from catalog.assets.models import Asset
from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed
from lineage.datasets.merging import merge_datasets, undo_merge
from lineage.edges.observing import ColumnLink, observe_edges
from lineage.edges.rejecting import believe_again, reject_sender
from lineage.models import (
    ColumnEdge,
    DatasetFacets,
    DatasetMerge,
    GraphChange,
    Job,
    LineageEdge,
    LineageEvent,
    RunDataset,
    SenderRejection,
    Source,
)
from lineage.openlineage.projecting import NOT_BELIEVED
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.openlineage.events import NOON, STORE, columns, dataset, dataset_event, run_event, send

pytestmark = pytest.mark.django_db


class Told:
    """A stranger and a friend send events: the stranger says that Play events' plays are made from raw and feed
    quality, the friend that they are made from files."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.stranger, self.friend = make.make_user("stranger"), make.make_user("friend")
        for person in (self.stranger, self.friend):
            make.make_membership(person, Role.STEWARD, make.make_team())
        self.tell(0)
        send(self.friend, self.made("plays", "files", minutes=1))
        self.plays = self.asset("plays")
        self.port = make.make_port(cast.play_events, "plays", asset=self.plays)
        self.quality = make.make_port(cast.playback_quality, "quality", asset=self.asset("quality"))

    def tell(self, minutes: float) -> None:
        """What the stranger says, again and again."""
        send(self.stranger, self.made("plays", "raw", minutes), self.made("quality", "plays", minutes + 0.1))

    def made(self, name: str, of: str, minutes: float) -> dict[str, Any]:
        facets = columns("id", of, "id", type="DIRECT")
        run = {"job": f"make_{name}_of_{of}", "run": f"{name}_{of}_{minutes}", "minutes": minutes}
        return run_event(inputs=[dataset(of)], outputs=[dataset(name, facets)], **run)

    def asset(self, name: str) -> Asset:
        return Asset.objects.get(namespace=STORE, name=f"shop.public.{name}")

    def reject(self, actor: User | None = None) -> SenderRejection:
        actor = actor or self.cast.owner
        return reject_sender(actor=actor, asset=self.plays, sender=self.stranger, reason="Wrong store.")


@pytest.fixture
def told(cast: Cast) -> Told:
    return Told(cast)


def edges(model: Any = LineageEdge) -> set[tuple[str, str]]:
    """Edges in force between assets (or of columns), by the last part of their names."""
    names = {pk: name.rpartition(".")[2] for pk, name in Asset.objects.values_list("pk", "name")}
    rows = model.objects.in_force()
    if model is LineageEdge:
        ends = rows.filter(upstream_kind="asset").values_list("upstream_id", "downstream_id")
    else:
        ends = rows.values_list("upstream__asset", "downstream__asset")
    return {(names[up], names[down]) for up, down in ends}


def derived() -> list[str]:
    rows = LineageEdge.objects.in_force().filter(is_derived=True)
    return [str(row) for row in rows]


ALL = {("raw", "plays"), ("plays", "quality"), ("files", "plays")}


def test_edges_of_the_sender_end_and_come_back(told: Told) -> None:
    assert edges() == edges(ColumnEdge) == ALL
    assert len(derived()) == 1
    row = told.reject()
    assert edges() == edges(ColumnEdge) == {("files", "plays")}
    assert derived() == []
    assert (
        LineageEdge.objects.exclude(valid_to=None).filter(valid_to=row.made_at, is_derived=False).count() == 2
    )
    believe_again(actor=told.cast.owner, rejection=row)
    assert edges() == edges(ColumnEdge) == ALL
    assert len(derived()) == 1
    with pytest.raises(Conflict):
        believe_again(actor=told.cast.owner, rejection=row)
    verbs = AuditEvent.objects.filter(verb__startswith="lineage_sender", product_id=told.port.product_id)
    assert [event.verb for event in verbs.order_by("pk")] == [
        "lineage_sender.rejected",
        "lineage_sender.believed",
    ]


def test_what_is_sent_later_about_it_is_left_out_and_said(told: Told) -> None:
    told.reject()
    runs = RunDataset.objects.filter(asset=told.plays).count()
    told.tell(30)
    facts = dataset_event("plays", {"ownership": {"owners": [{"name": "stranger"}]}}, minutes=31)
    send(told.stranger, facts, told.made("other", "raw", 32))
    assert edges() == {("files", "plays"), ("raw", "other")}  # of other datasets they are believed
    assert edges(ColumnEdge) == {("files", "plays"), ("raw", "other")}
    assert RunDataset.objects.filter(asset=told.plays).count() == runs
    assert "ownership" not in DatasetFacets.objects.get(asset=told.plays).facets
    events = LineageEvent.objects.filter(sent_by=told.stranger, event_at__minute=30)
    assert [event.problem for event in events] == [NOT_BELIEVED] * 2
    assert {event.state for event in events} == {"projected"}
    later = {"eventTime": (timezone.now() + timedelta(hours=1)).isoformat()}
    send(told.friend, told.made("plays", "raw", 40) | later)  # somebody who is believed says the same
    assert ("raw", "plays") in edges()


def test_an_edge_that_somebody_else_told_of_since_is_not_doubled_when_taken_back(told: Told) -> None:
    row = told.reject()
    send(
        told.friend,
        told.made("plays", "raw", 20) | {"eventTime": (timezone.now() + timedelta(hours=1)).isoformat()},
    )
    assert ("raw", "plays") in edges()
    believe_again(actor=told.cast.owner, rejection=row)
    assert edges() == edges(ColumnEdge) == ALL


def test_an_edge_that_somebody_who_is_believed_told_of_last_stays(told: Told) -> None:
    send(told.friend, told.made("plays", "raw", 20))
    told.reject()
    assert ("raw", "plays") in edges()


def test_what_somebody_else_does_not_believe_stays_ended_when_one_believes_again(told: Told) -> None:
    first = told.reject()
    asset = told.asset("quality")
    reject_sender(actor=told.cast.steward, asset=asset, sender=told.stranger, reason="Neither do we.")
    believe_again(actor=told.cast.owner, rejection=first)
    assert edges() == edges(ColumnEdge) == ALL - {("plays", "quality")}


def test_columns_that_are_there_again_are_newer_than_any_snapshot(told: Told) -> None:
    row, newest = told.reject(), ColumnEdge.objects.order_by("-pk").values_list("pk", flat=True)[0]
    changes = GraphChange.objects.count()
    believe_again(actor=told.cast.owner, rejection=row)
    assert ColumnEdge.objects.in_force().filter(pk__gt=newest).count() == 2
    assert GraphChange.objects.count() > changes
    assert ColumnEdge.objects.count() == 3  # none stands twice


def test_who_is_not_believed_does_not_end_by_silence_what_others_told(told: Told) -> None:
    job = Job.objects.create(namespace="dbt", name="all", first_seen_at=NOON, last_seen_at=NOON)
    pair = (told.asset("files").pk, told.asset("plays").pk)
    link = ColumnLink(pair[0], "id", pair[1], "id", is_direct=True, how="")
    whole = {"source": Source.DBT, "job_id": job.pk, "assets": [pair], "columns": [link], "is_complete": True}
    observe_edges(**whole, seen_at=NOON, sender_id=told.friend.pk)
    told.reject()
    observe_edges(**whole, seen_at=NOON + timedelta(days=1), sender_id=told.stranger.pk)
    for model in (LineageEdge, ColumnEdge):
        rows = model.objects.filter(source=Source.DBT, job=job)
        assert [row.valid_to for row in rows if not getattr(row, "is_derived", False)] == [None]
    nothing = whole | {"assets": [], "columns": []}
    observe_edges(**nothing, seen_at=NOON + timedelta(days=2), sender_id=told.friend.pk)
    assert not ColumnEdge.objects.in_force().filter(job=job).exists()  # who is believed ends it


def test_only_owners_hear_of_senders_of_work_they_may_not_know(client: Client, told: Told) -> None:
    make.make_membership(told.cast.guest, Role.VIEWER, make.make_team())
    secret = make.make_user("secret-loader")
    make.make_membership(secret, Role.STEWARD, make.make_team())
    send(secret, told.made("hidden", "plays", minutes=5))
    make.make_port(make.make_product(visibility="private"), asset=told.asset("hidden"))
    for person, hears in ((told.cast.guest, False), (told.cast.owner, True)):
        client.force_login(person)
        page = client.get(f"/lineage/datasets/{told.plays.pk}/").content.decode()
        assert ("secret-loader" in page) is hears
    answer = client.post(f"/lineage/datasets/{told.plays.pk}/senders/", {"sender": "a\x00b", "reason": "No."})
    assert answer.status_code == 302


def test_another_name_that_the_sender_gives_it_is_not_learned(told: Told) -> None:
    send(told.friend, dataset_event("twin", {"documentation": {"description": "Another"}}))
    symlinks = {
        "symlinks": {"identifiers": [{"namespace": STORE, "name": "shop.public.twin", "type": "TABLE"}]}
    }
    told.reject()
    send(told.stranger, dataset_event("plays", symlinks, minutes=50))
    assert not DatasetMerge.objects.exists()
    send(told.friend, dataset_event("plays", symlinks, minutes=51))
    assert DatasetMerge.objects.get().state == "done"


def test_only_those_who_answer_for_the_dataset_say_so_and_with_a_reason(told: Told) -> None:
    for person in (told.cast.steward, told.cast.consumer, told.cast.guest, told.stranger):
        with pytest.raises(NotAllowed):
            told.reject(person)
    with pytest.raises(Invalid):
        reject_sender(actor=told.cast.owner, asset=told.plays, sender=told.stranger, reason=" ")
    row = told.reject(told.cast.admin)
    with pytest.raises(NotAllowed):
        believe_again(actor=told.stranger, rejection=row)
    with pytest.raises(Conflict):
        told.reject()
    unclaimed = told.asset("raw")
    with pytest.raises(NotAllowed):
        reject_sender(actor=told.cast.owner, asset=unclaimed, sender=told.stranger, reason="x")


def test_a_rejection_follows_a_merge_and_comes_back(told: Told) -> None:
    raw, files = told.asset("raw"), told.asset("files")
    row = reject_sender(actor=told.cast.admin, asset=raw, sender=told.stranger, reason="x")
    merge = merge_datasets(actor=told.cast.admin, kept=files, gone=raw)
    told.tell(30)
    assert SenderRejection.objects.get(pk=row.pk).asset == files
    undo_merge(actor=told.cast.admin, merge=merge)
    assert SenderRejection.objects.get(pk=row.pk).asset == raw


def test_the_page_of_an_edge_leads_its_owner_to_where_the_sender_can_be_rejected(
    client: Client, told: Told
) -> None:
    edge = LineageEdge.objects.get(is_derived=True)
    link = f'href="/lineage/datasets/{told.quality.asset_id}/#senders"'
    for person, is_led in ((told.cast.steward, True), (told.cast.admin, True), (told.cast.consumer, False)):
        client.force_login(person)
        assert (link in client.get(f"/lineage/edges/{edge.pk}/").content.decode()) is is_led, person
    reject_sender(actor=told.cast.steward, asset=told.asset("quality"), sender=told.stranger, reason="x")
    edge.refresh_from_db()
    assert edge.valid_to is not None
    assert link not in client.get(f"/lineage/edges/{edge.pk}/").content.decode()


def test_the_page_says_who_told_and_whom_nobody_believes(client: Client, told: Told) -> None:
    address = f"/lineage/datasets/{told.plays.pk}/"
    client.force_login(told.cast.consumer)
    page = client.get(address).content.decode()
    assert told.stranger.name in page
    assert "Not to be believed" not in page
    body = {"sender": told.stranger.username, "reason": "Its names are of another store."}
    assert client.post(f"{address}senders/", body).status_code == 403
    client.force_login(told.cast.owner)
    assert "Not to be believed" in client.get(address).content.decode()
    assert "Say why" in client.post(f"{address}senders/", body | {"reason": ""}, follow=True).content.decode()
    assert not SenderRejection.objects.exists()
    page = client.post(f"{address}senders/", body, follow=True).content.decode()
    assert "2 edges have ended" in page
    assert "Its names are of another store." in page
    row = SenderRejection.objects.get()
    page = client.post(f"{address}senders/{row.pk}/", follow=True).content.decode()
    assert "was not believed from" in page  # the history stays
    assert edges() == ALL
