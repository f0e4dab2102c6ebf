"""No list asks the database more for 50 rows than for 5."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.access.models import Agreement, ApprovalRule
from catalog.accounts.models import ApiToken
from catalog.assets.models import ViewDefinition
from catalog.audit.models import OutboxEvent
from catalog.contracts.models import ChangeProposal, ContractTemplate, ContractVersion, DataContract
from catalog.crawling.models import CrawlRun
from catalog.discussions.models import Question
from catalog.identity.models import GroupRule
from catalog.notifications.models import Notice
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from catalog.quality.services import create_check
from catalog.trust.models import Certification
from catalog.vocabulary.models import Classification, Purpose
from lineage.models import (
    ClassificationProposal,
    Column,
    DbtImport,
    Job,
    LineageEdge,
    LineageEvent,
    ReadDefinition,
    Run,
)
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.openlineage.events import dataset, run_event, send
from tests.walk.webhooks import _webhook

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LONG_AGO = NOW - dt.timedelta(days=3)
Planter = Callable[[Cast, int], Any]  # makes the row of that number, with whatever hangs on it being its own


def rule(cast: Cast, number: int) -> None:
    port = make.make_port(make.make_product(domain=cast.listening))
    made = ApprovalRule.objects.create(name=f"Rule {number}", port=port)
    for step in (1, 2):
        made.stages.create(step=step, name="Look", approvers="person", person=make.make_user())


def agreement(cast: Cast, number: int) -> None:
    """Agreed for days and not in the store."""
    Agreement.objects.create(
        port=make.make_port(make.make_product(domain=cast.listening)), team=cast.listening_team,
        environment=f"e{number}", starts_at=LONG_AGO, asked_at=LONG_AGO, provisioning="waiting",
        provisioning_at=LONG_AGO, lacking_since=LONG_AGO,
    )  # fmt: skip


def run(cast: Cast, number: int) -> None:
    source = make.make_connection(team=cast.listening_team)
    CrawlRun.objects.create(
        connection=source, queued_at=NOW, due_at=NOW, status="failed", requested_by=make.make_user()
    )


def edge(cast: Cast, number: int) -> None:
    LineageEdge.objects.create(
        source="by_hand", upstream_kind="port", upstream_id=make.make_port(make.make_product()).pk,
        downstream_kind="product", downstream_id=make.make_product().pk, first_seen=NOW, last_seen=NOW,
        author=make.make_user(), job=job(cast, number),
    )  # fmt: skip


def job(cast: Cast, number: int) -> Job:
    made = Job.objects.create(namespace="etl", name=f"job {number}", first_seen_at=NOW, last_seen_at=NOW)
    Run.objects.create(key=f"run {number}", job=made, state="completed", last_event_at=NOW)
    return made


def event(cast: Cast, number: int) -> None:
    LineageEvent.objects.create(
        received_at=NOW,
        event_at=NOW,
        kind="run",
        digest=str(number),
        body=b"",
        size=2,
        sent_by=make.make_user(),
    )


def view(cast: Cast, number: int) -> None:
    asset = make.make_asset(make.make_connection(team=cast.listening_team))
    text = ViewDefinition.objects.create(asset=asset, number=1, sql="", digest="", seen_at=NOW)
    ReadDefinition.objects.create(
        definition=text, asset=asset, outcome="failed", problems=["Odd."], read_at=NOW
    )


def proposed_word(cast: Cast, number: int) -> None:
    own, other = (
        make.make_port(make.make_product(domain=cast.listening), asset=make.make_asset()) for _ in range(2)
    )
    columns = [Column.objects.create(asset_id=port.asset_id, path="id") for port in (own, other)]
    ClassificationProposal.objects.create(
        column=columns[0], because=columns[1], classification=word(cast, number), steps=1, basis="x"
    )


def word(cast: Cast, number: int) -> Classification:
    return Classification.objects.create(name=f"Word {number}", slug=f"word-{number}", rank=number)


def dbt_import(cast: Cast, number: int) -> None:
    DbtImport.objects.create(team=make.make_team(), requested_by=make.make_user(), queued_at=NOW)


def certification(cast: Cast, number: int) -> None:
    port = make.make_port(make.make_product())
    Certification.objects.create(
        product=port.product, port=port, reason="Good.", certified_at=NOW, certified_by=make.make_user(),
        expires_at=NOW + dt.timedelta(days=90),
    )  # fmt: skip


def template(cast: Cast, number: int) -> None:
    ContractTemplate.objects.create(slug=f"sort-{number}", name=f"Sort {number}", text="terms: {}")


def proposal(cast: Cast, number: int) -> None:
    contract = DataContract.objects.create(product=make.make_product(), key=f"urn:{number}")
    base = ContractVersion.objects.create(
        contract=contract, number=1, version="1.0.0", original=b"", digest="x", imported_at=NOW
    )
    ChangeProposal.objects.create(
        contract=contract, base=base, original=b"", version="2.0.0", proposed_by=make.make_user()
    )


def notice(cast: Cast, number: int) -> None:
    made = Notice.objects.create(
        key=str(number), kind="lifecycle", audience="owners", title="Changed", created_at=NOW, link="/",
        product=make.make_product(), actor=make.make_user(),
    )  # fmt: skip
    made.notifications.create(recipient=cast.admin, created_at=NOW, reason="owner")


def purpose(cast: Cast, number: int) -> None:
    Purpose.objects.create(name=f"Purpose {number}", slug=f"purpose-{number}")


def group_rule(cast: Cast, number: int) -> None:
    GroupRule.objects.create(group=f"g{number}", role="viewer", team=make.make_team())


def token(cast: Cast, number: int) -> None:
    ApiToken.objects.create(
        user=cast.admin, name=f"t{number}", prefix="mp", digest=str(number), scopes=["read"],
        expires_at=NOW + dt.timedelta(days=9),
    )  # fmt: skip


def question(cast: Cast, number: int) -> None:
    port = make.make_port(cast.play_events)
    Question.objects.create(product=cast.play_events, port=port, title="Why?", author=make.make_user())


def webhook(cast: Cast, number: int) -> None:
    _webhook(cast.admin, f"Hook {number}", team=make.make_team())


def session(cast: Cast, number: int) -> None:
    browser = Client()
    browser.force_login(cast.admin)


def delivery(cast: Cast, number: int) -> None:
    event = OutboxEvent.objects.create(
        type="product.changed", subject=f"p{number}", at=NOW, position=number + 1
    )
    hook = _webhook(cast.admin, "Hook")
    WebhookDelivery.objects.create(webhook=hook, event=event, position=number, due_at=NOW, created_at=NOW)


def seen_dataset(cast: Cast, number: int) -> None:
    written = dataset(f"e{number}")
    send(cast.admin, run_event(run=f"run-{number}", inputs=[dataset(f"d{number}")], outputs=[written]))


def check(cast: Cast, number: int) -> None:
    port = make.make_port(make.make_product())
    create_check(actor=None, port=port, kind="not_null", element="track")


def machine(cast: Cast, number: int) -> None:
    make.make_user(team=cast.listening_team)


LISTS: dict[str, Planter] = {
    "/access/rules/": rule,
    "/access/drift/": agreement,
    "/api/v1/access/drift/": agreement,
    "/crawling/": run,
    "/lineage/edges/": edge,
    "/lineage/jobs/": job,
    "/lineage/events/": event,
    "/lineage/sql/": view,
    "/lineage/proposals/": proposed_word,
    "/lineage/imports/": dbt_import,
    "/trust/certifications/": certification,
    "/contracts/templates/": template,
    "/notifications/told/": notice,
    "/notifications/": notice,
    "/purposes/": purpose,
    "/classifications/": word,
    "/identity/": group_rule,
    "/account/tokens/": token,
    "/account/sessions/": session,
    "/api/v1/webhooks/{hook}/deliveries/": delivery,
    "/account/webhooks/{hook}/": delivery,
    "/lineage/datasets/": seen_dataset,
    "/account/webhooks/": webhook,
    "/teams/listening-team/service-accounts/": machine,
    "/products/listening/play-events/questions/": question,
    "/api/v1/connections/": run,
    "/api/v1/domains/": lambda cast, number: make.make_domain(team=make.make_team()),
    "/api/v1/quality/checks/": check,
    "/api/v1/trust/certifications/": certification,
    "/api/v1/contracts/proposals/": proposal,
    "/api/v1/contracts/templates/": template,
    "/api/v1/access/rules/": rule,
    "/api/v1/lineage/edges/": edge,
    "/api/v1/lineage/dbt/": dbt_import,
    "/api/v1/purposes/": purpose,
    "/api/v1/classifications/": word,
}


@pytest.mark.parametrize("address", LISTS)
def test_a_list_costs_the_same_for_5_rows_and_for_50(client: Client, cast: Cast, address: str) -> None:
    def queries() -> int:
        cache.clear()
        client.get(address)  # what is remembered for everybody is remembered now
        with CaptureQueriesContext(connection) as made:
            answer = client.get(address)
        assert answer.status_code == 200
        sizes.append(len(answer.content))
        return len(made)

    sizes: list[int] = []
    plant = LISTS[address]
    client.force_login(cast.admin)
    for number in range(5):
        plant(cast, number)
    hooks = Webhook.objects.values_list("pk", flat=True)
    address = address.format(hook=hooks.first())
    few = queries()
    for number in range(5, 50):
        plant(cast, number)
    assert queries() == few
    assert sizes[1] > sizes[0] * 1.2 or sizes[1] > sizes[0] + 2_000  # the rows are really shown
