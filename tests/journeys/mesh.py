"""A small mesh that has something of everything the pages show: states, versions, neighbours, hostile names."""

import copy
import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from catalog.assets import services as assets
from catalog.assets.models import AssetReading
from catalog.audit import services as audit
from catalog.connections.models import Connection, ConnectionCheck
from catalog.contracts.models import ChangeProposal, PortContract
from catalog.contracts.services import import_document
from catalog.contracts.services.publishing import propose_change
from catalog.crawling.models import CrawlItem, CrawlRun
from catalog.glossary.linking import link_term
from catalog.glossary.services import create_term
from catalog.incidents.models import Incident
from catalog.incidents.services import (
    Report,
    acknowledge_incident,
    comment_on_incident,
    note_incident,
    report_incident,
    resolve_incident,
)
from catalog.notifications import services as notifications
from catalog.notifications.models import Kind, Notice, Notification
from catalog.notifications.telling import Draft, fan_out_waiting, tell
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import QualityCheck
from catalog.quality.services import create_check
from catalog.quality.storing import NewResult, store_results
from catalog.slos.evaluating import evaluate_slos
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.services import create_slo
from catalog.slos.storing import NewMeasurement, store_measurements
from catalog.trust.models import PortTrust, ProductTrust
from catalog.trust.services import certify, withdraw_certification
from catalog.vocabulary.models import Classification, Tag
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract
from tests.conftest import Cast
from tests.journeys.access import plant_access
from tests.journeys.webhooks import plant_webhook

CONTRACT = "urn:daff:plays-contract"
COLUMNS = {
    "event_id": "string",
    "played_at": "timestamp",
    "track_id": "string",
    "customer_email": "string",
    "device": "object",
    "device.kind": "string",
    "seconds": "integer",
}
TEXT = """A row a play. See the [runbook](https://wiki.example/plays).

## How it is made

1. The players send a beat every ten seconds.
2. A `sessionizer` closes a play.

| column | meaning |
|---|---|
| `played_at` | start of the play, UTC |

```sql
select count(*) from plays
```
"""


@dataclass
class Mesh:
    cast: Cast
    store: Connection
    plays: OutputPort
    charts: DataProduct
    run: CrawlRun
    check: ConnectionCheck
    slo: ServiceLevelObjective
    quality: QualityCheck
    proposal: ChangeProposal
    incident: Incident
    access: dict[str, int]

    def numbers(self) -> dict[str, int]:
        """What stands in the paths of `pages`."""
        names = ("run", "check", "slo", "quality", "proposal", "incident")
        told = (
            Notice.objects.filter(product__isnull=False, agreement=None)
            .exclude(notifications=None)
            .latest("pk")
        )
        return {name: getattr(self, name).pk for name in names} | self.access | {"told": told.pk}


def plant(cast: Cast) -> Mesh:
    """The cast's products filled in, a product in every state around them, measurements of every colour."""
    store = make.make_connection(
        "Store",
        team=cast.listening_team,
        kind="postgresql",
        config={"host": "db.example", "port": 5432, "database": "listening"},
        tls_version="TLS 1.3",
        tls_observed_at=timezone.now(),
        tls_certificate_ends_at=timezone.now() + dt.timedelta(days=60),
    )
    _fill_in(cast)
    plays = _ports(cast, store)
    charts_domain = make.make_domain(
        "Charts", cast.listening, team=cast.listening_team, hue=7, kind="aggregate"
    )
    charts = make.make_product(
        "Daily charts", domain=charts_domain, purpose="The most played tracks of a day."
    )
    make.make_input_port(charts, plays)
    make.make_input_port(make.make_product("Private use", domain=cast.playback, visibility="private"), plays)
    make.make_input_port(cast.play_events, make.make_port(cast.playback_quality, "quality"))
    make.make_product("Plan", domain=cast.listening, lifecycle="draft", purpose="")
    make.make_product(
        "Ärger mit „Namen“ <b>& 'Zeichen' 日本 🎧", slug="日本", domain=cast.listening, team=None
    )
    old = make.make_product(
        "Old plays",
        domain=cast.listening,
        lifecycle="deprecated",
        successor=cast.play_events,
        sunset_at=timezone.localdate() + dt.timedelta(days=90),
    )
    _view(old)
    for number in range(30):
        make.make_product(f"Play sample {number}", domain=charts_domain, purpose="One of many.")
    ProductTrust.objects.create(product=charts, **_trust("bad"))
    proposed = _proposal(cast, plays)
    _certifications(cast)
    run, check, slo = _run(store, plays), _check(cast, store), _slos(plays)
    asked = _checks(plays)
    incident, access = _incident(cast, plays), plant_access(cast, plays) | plant_webhook(cast)
    planted = Mesh(cast, store, plays, charts, run, check, slo, asked, proposed, incident, access)
    _tell(cast)
    return planted


def _tell(cast: Cast) -> None:
    """The owner watches one of each and was told of this and that; the first of it is read."""
    notifications.watch_domain(actor=cast.owner, domain=cast.playback)
    notifications.watch_search(actor=cast.owner, query="q=play&domain=listening")
    burning = "Play events: Fresh of plays 2.0.0 burns its error budget fast"
    pace = "At this pace the budget is spent long before its time."
    ours, theirs = {"product": cast.play_events.pk}, {"product": cast.playback_quality.pk}
    tell(
        [
            Draft("planted:slo", Kind.SLO, burning, pace, "/slos/", about=ours),
            Draft("planted:end", Kind.LIFECYCLE, "Playback quality is deprecated", link="/", about=theirs),
        ]
    )
    fan_out_waiting()
    first = Notification.objects.filter(recipient=cast.owner).order_by("pk").values_list("pk", flat=True)[:1]
    notifications.mark_read(actor=cast.owner, ids=list(first))


def _incident(cast: Cast, plays: OutputPort) -> Incident:
    """One that goes on and one of the past, and one of an upstream of Play events."""
    over = report_incident(actor=None, product=cast.play_events, report=Report("The store was closed"))
    resolve_incident(actor=cast.owner, incident=over, text="It is open again.")
    note_incident(actor=cast.owner, incident=over, text="We learn of closing days before them.")
    report_incident(actor=None, product=cast.playback_quality, report=Report("Scores of a wrong day"))
    report = Report("Plays of Sunday are missing", "Since the loader was changed.", "high", plays)
    found = report_incident(actor=cast.consumer, product=cast.play_events, report=report)
    acknowledge_incident(actor=cast.owner, incident=found, text="Looking.")
    comment_on_incident(actor=cast.consumer, incident=found, text="The charts show nothing for Sunday.")
    return found


def _certifications(cast: Cast) -> None:
    """One that was withdrawn, one in force that ends soon."""
    ends = timezone.now() + dt.timedelta(days=20)
    for product, reason in (
        (cast.play_events, "Compared with the source."),
        (cast.playback_quality, "Looked at."),
    ):
        given = certify(actor=cast.admin, product=product, reason=reason, expires_at=ends)
    withdraw_certification(actor=cast.admin, certification=given, reason="The source moved.")


def _proposal(cast: Cast, plays: OutputPort) -> ChangeProposal:
    """Two versions of the contract the port is offered under, and a third that would break its consumers."""
    first = contract(id=CONTRACT, name="Plays contract")
    PortContract.objects.create(port=plays, contract_key=CONTRACT)
    for data in (first, {**first, "version": "1.1.0", "description": {"purpose": "Every play."}}):
        assert import_document(actor=None, raw=as_yaml(data)).status == "imported"
    narrower = copy.deepcopy(first) | {"version": "2.0.0"}
    del narrower["schema"][0]["properties"][1]
    return propose_change(actor=cast.owner, raw=as_yaml(narrower), note="Nobody should know who listens.")


def _checks(plays: OutputPort) -> QualityCheck:
    """Checks of every colour; the one that fails comes back."""
    now = timezone.now()
    at_most: dict[str, Any] = {"bound": {"operator": "at_most", "values": [5]}}
    asked: list[tuple[dict[str, Any], str]] = [
        ({"kind": "range", "element": "seconds", "parameters": {"at_least": 1, **at_most}}, "ppppfpppffpff"),
        ({"kind": "not_null", "element": "track"}, "ppppppppppppp"),
        ({"kind": "unique", "element": "id", "severity": "warning"}, "pfpfpfpfpfpfp"),
        ({"kind": "pattern", "element": "track", "parameters": {"pattern": "^track "}}, "ppppee"),
        ({"kind": "text", "name": "Listeners agreed to it"}, ""),
    ]
    made = []
    for fields, outcomes in asked:
        check = create_check(actor=None, port=plays, **fields)
        made.append(check)
        letters = {"p": "passed", "f": "failed", "e": "error"}
        store_results(
            NewResult(
                check_id=check.pk, measured_at=now - dt.timedelta(hours=20 * place + 1), outcome=letters[letter],
                source="crawl", failed_rows=17 + place if letter == "f" else 0, total_rows=4_000,
                message=f"{17 + place if letter == 'f' else 0} of 4,000 rows are out of range.",
            )
            for place, letter in enumerate(reversed(outcomes))
        )  # fmt: skip
    return made[0]


def _slos(plays: OutputPort) -> ServiceLevelObjective:
    """Objectives in every state on the port; returns the one that is missed."""
    now = timezone.now()
    wanted = (
        ("Delivered by six", {4, 5, 6, 11, 19}, 0.9),
        ("Answers the partners", {17}, 0.95),
        ("Rows arrive", set(), 0.99),
        ("Nobody measured it yet", None, 0.9),
    )
    made = []
    for name, bad, target in wanted:
        slo = create_slo(
            actor=None, port=plays, name=name, kind="custom", target=target, at_most=30, unit="minutes"
        )
        made.append(slo)
        days = range(40) if bad is not None else ()
        store_measurements(
            [
                NewMeasurement(
                    slo.pk, str(day), now - dt.timedelta(hours=20 * day), int(day not in (bad or ())),
                    int(day in (bad or ())), 12.5 + day,
                )
                for day in days
            ],
            now=now,
        )  # fmt: skip
    evaluate_slos([slo.pk for slo in made], now=now)
    # no crawl left what the planted marks say, so the refresh that objectives ask for has overwritten them
    PortTrust.objects.filter(port=plays).update(**_trust("good"))
    ProductTrust.objects.filter(product=plays.product).update(**_trust("warning"))
    return made[0]


def _run(store: Connection, plays: OutputPort) -> CrawlRun:
    """A crawl that read one thing and could not read another."""
    now = timezone.now()
    run = CrawlRun.objects.create(
        connection=store,
        status=CrawlRun.Status.PARTIAL,
        trigger=CrawlRun.Trigger.SCHEDULE,
        queued_at=now,
        due_at=now,
        started_at=now,
        finished_at=now,
        counts={"unchanged": 1, "failed": 1},
        error="1 of 2 could not be read.",
        remedy="See below.",
    )
    CrawlItem.objects.create(
        run=run,
        asset=plays.asset,
        outcome=CrawlItem.Outcome.FAILED,
        message="The account may not read it.",
        remedy="Grant it SELECT.",
    )
    return run


def _check(cast: Cast, store: Connection) -> ConnectionCheck:
    """A finished test with a step that failed."""
    return ConnectionCheck.objects.create(
        requested_by=cast.admin,
        connection=store,
        kind=store.kind,
        config=store.config,
        status=ConnectionCheck.Status.DONE,
        is_ok=False,
        steps=[
            {"name": "reachable", "ok": True, "message": "db.example answers.", "latency_ms": 12.0},
            {
                "name": "signed_in",
                "ok": False,
                "message": "The password is wrong.",
                "remedy": "Type it again.",
                "latency_ms": 8.0,
            },
        ],
    )


def _fill_in(cast: Cast) -> None:
    product = cast.play_events
    product.purpose = "Every play of a track by a listener, **ten seconds or longer**."
    product.description, product.usage, product.limitations = (
        TEXT,
        "Join on `track_id`.",
        "Offline plays are late.",
    )
    product.archetype, product.region, product.version = "source_aligned", "eu-north", "2.0.0"
    product.classification = Classification.objects.get_or_create(
        slug="confidential", defaults={"name": "Confidential", "rank": 2}
    )[0]
    product.links = [{"label": "Runbook", "url": "https://wiki.example/plays"}]
    product.support = [{"channel": "#listening", "url": "https://chat.example/l", "tool": "chat"}]
    product.published_at = timezone.now() - dt.timedelta(days=100)
    product.save()
    product.tags.add(Tag.objects.create(name="gold", slug="gold"))
    words = {"synonyms": ["Stream"], "definition": "A track heard for **30 seconds** or more."}
    play = create_term(actor=None, name="Play", state="approved", domain=cast.listening, **words)
    link_term(actor=None, term=play, product=product)
    ProductTrust.objects.create(product=product, **_trust("warning"))
    for actor, verb in ((cast.owner, "product.published"), (None, "product.edited")):
        audit.record(actor=actor, verb=verb, obj=product, product_id=product.pk)


def _ports(cast: Cast, store: Connection) -> OutputPort:
    asset = make.make_asset(store, "listening.plays", address={"schema": "listening", "table": "plays"})
    schema = make.make_schema(asset, COLUMNS)
    AssetReading.objects.create(
        asset=asset,
        read_at=timezone.now() - dt.timedelta(minutes=12),
        is_reachable=True,
        row_count=184_223_981,
        size_bytes=91_882_231_222,
        fresh_at=timezone.now() - dt.timedelta(minutes=30),
        fresh_basis="column played_at",
        latency_ms=38.2,
    )
    plays = make.make_port(
        cast.play_events,
        "plays",
        version="2.0.0",
        title="Plays",
        connection=store,
        asset=schema.asset,
        location="db.example:5432/listening listening.plays",
        format="PostgreSQL",
        freshness_promise=dt.timedelta(hours=1),
    )
    PortTrust.objects.create(port=plays, **_trust("good"))
    make.make_port(cast.play_events, "plays", version="1.0.0", sunset_at=timezone.localdate())
    stream = make.make_port(cast.play_events, "stream", kind="topic", environment="staging")
    PortTrust.objects.create(port=stream, **_trust("bad"))
    audit.record(actor=None, verb="port.created", obj=plays, product_id=cast.play_events.pk)
    return plays


LOYAL = (
    "SELECT l.name AS listener, count(*) AS plays\nFROM plays p\n"
    "JOIN listeners l ON l.id = p.listener_id\nWHERE NOT l.is_robot"
)


def _view(product: DataProduct) -> None:
    """A port that is a view, whose SQL changed once."""
    asset = make.make_asset(None, "listening.loyal", kind="view")
    make.make_schema(asset, {"listener": "string", "plays": "integer"})
    for number, extra in enumerate(("", "\n  AND p.played_at > now() - interval '90 days'")):
        sql = f"{LOYAL}{extra}\nGROUP BY l.name\nHAVING count(*) > 100"
        new = assets.NewDefinition(asset_id=asset.pk, sql=sql, number=number)
        assets.write_definitions(definitions=[new], now=timezone.now() - dt.timedelta(days=9 - number))
    make.make_port(product, "loyal", kind="view", asset=asset)


def _trust(state: str) -> dict[str, object]:
    now = timezone.now()
    quality = {"good": 96.0, "warning": 74.0, "bad": 41.0}[state]
    return {
        "quality": quality,
        "quality_at": now,
        "measured_at": now,
        "valid_until": now + dt.timedelta(hours=6),
        "is_reachable": state != "bad",
        "fresh_at": now - dt.timedelta(minutes=30),
        "freshness_promise": dt.timedelta(hours=1),
        "has_owner": True,
    }
