"""Every list pages, sorts by what it offers, and can be had as CSV; nonsense in its address is no fault of ours."""

import csv
import io
from collections.abc import Collection
from typing import Any

import pytest
from django.test import Client

from catalog.access.views import agreements, audit, drift, inbox, rules
from catalog.accounts import selectors as people
from catalog.accounts.views import account, machines
from catalog.connections import selectors as connections
from catalog.contracts import template_views as templates
from catalog.crawling import views as crawling
from catalog.discussions import views as discussions
from catalog.glossary import views as glossary
from catalog.incidents import views as incidents
from catalog.notifications import told_views as told
from catalog.notifications.webhooks import views as webhooks
from catalog.products import claim
from catalog.products.views import lists as products
from catalog.quality import views as quality
from catalog.slos import views as slos
from catalog.trust import views as trust
from catalog.vocabulary import views as vocabulary
from lineage.datasets import views as datasets
from lineage.dbt import views as dbt
from lineage.edges import views as edges
from lineage.impact import proposal_views as proposals
from lineage.openlineage import views as events
from lineage.sql import views as sql
from tests.conftest import Cast
from tests.walk.world import build

pytestmark = pytest.mark.django_db
LISTS: dict[str, Collection[str]] = {  # address -> what it can be sorted by
    "/inbox/": inbox.SORTS,
    "/access/": agreements.SORTS,
    "/access/?ended=true": agreements.SORTS,
    "/access/rules/": rules.SORTS,
    "/access/drift/": drift.SORTS,
    "/access/audit/": audit.SORTS,
    "/crawling/": crawling.SORTS,
    "/crawling/sources/": crawling.SOURCE_SORTS,
    "/connections/": connections.SORTS,
    "/connections/listening-store/assets/?state=all": claim.SORTS,
    "/account/tokens/": account.TOKEN_SORTS,
    "/account/sessions/": account.SESSION_SORTS,
    "/people/": people.PEOPLE_SORTS,
    "/teams/listening-team/people/": people.MEMBER_SORTS,
    "/teams/listening-team/service-accounts/": machines.SORTS,
    "/contracts/templates/": templates.SORTS,
    "/tags/": vocabulary.TAG_SORTS,
    "/classifications/": vocabulary.CLASSIFICATION_SORTS,
    "/purposes/": vocabulary.PURPOSE_SORTS,
    "/quality/": quality.SORTS,
    "/slos/": slos.SORTS,
    "/incidents/": incidents.SORTS,
    "/glossary/": glossary.SORTS,
    "/products/": products.SORTS,
    "/trust/certifications/": trust.SORTS,
    "/notifications/told/": told.SORTS,
    "/account/webhooks/": webhooks.SORTS,
    "/products/listening/play-events/questions/?state=all": discussions.SORTS,
    "/lineage/jobs/": datasets.JOB_SORTS,
    **{f"/lineage/datasets/?view={view}": sorts for view, sorts in datasets.SORTS.items()},
    "/lineage/events/": events.SORTS,
    "/lineage/imports/": dbt.SORTS,
    "/lineage/sql/": sql.SORTS,
    "/lineage/edges/": edges.SORTS,
    "/lineage/proposals/": proposals.SORTS,
}
ODD = ("page=2", "page=-1", "page=0", "page=none", "page=" + "9" * 40, "format=nothing", "sort=")


def get(client: Client, address: str, query: str) -> Any:
    return client.get(f"{address}{'&' if '?' in address else '?'}{query}")


@pytest.mark.parametrize("address", LISTS)
def test_a_list_sorts_pages_and_exports(client: Client, cast: Cast, address: str) -> None:
    build(cast)
    client.force_login(cast.admin)
    assert LISTS[address]
    for key in LISTS[address]:
        for sort in (key, f"-{key}"):
            assert get(client, address, f"sort={sort}").status_code == 200, sort
            answer = get(client, address, f"format=csv&sort={sort}")
            assert answer["Content-Type"] == "text/csv; charset=utf-8"
            rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
            assert len({len(row) for row in rows}) == 1, sort  # a head, and as many cells in each line
    for odd in ODD:
        assert get(client, address, odd).status_code == 200, odd
    for wrong in ("sort=password", "sort=--pk", "sort=-", "sort=%00", "format=csv&sort=pk__x"):
        assert get(client, address, wrong).status_code == 400, wrong
