"""What is claimed is read soon: one crawl of the store is queued, and none where that would be wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from catalog.assets.models import Asset
from catalog.common.errors import Invalid
from catalog.crawling import runner
from catalog.crawling.models import CrawlRun
from catalog.products.claim import claim_assets
from catalog.trust.models import PortTrust
from tests.catalog.crawling.conftest import NOW, Store
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
Commit = Any  # pytest-django's fixture


@pytest.fixture
def seen(make_store: Callable[..., Store], cast: Cast) -> Store:
    """A store that was listed, with nothing claimed."""
    built = make_store(team=cast.listening_team)
    built.crawl(NOW)
    return built


def claim(cast: Cast, store: Store, *names: str) -> None:
    assets = list(Asset.objects.filter(connection=store.connection, name__in=names).order_by("name"))
    claim_assets(actor=cast.owner, connection=store.connection, assets=assets, product=cast.play_events)


def test_claiming_queues_one_crawl_that_measures_the_new_ports(
    seen: Store, cast: Cast, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        claim(cast, seen, "plays", "popular")
    with django_capture_on_commit_callbacks(execute=True):
        claim(cast, seen, "artists")
    run = CrawlRun.objects.get(connection=seen.connection, status="queued")
    assert (run.port, run.trigger, run.requested_by) == (None, "manual", cast.owner)
    runner.run_batch([run.pk], now=timezone.now)
    reachable = PortTrust.objects.filter(port__product=cast.play_events).values_list(
        "is_reachable", flat=True
    )
    assert list(reachable) == [True, True, True]


def test_paused_store_stays_paused(
    seen: Store, cast: Cast, django_capture_on_commit_callbacks: Commit
) -> None:
    seen.connection.is_paused = True
    seen.connection.save()
    with django_capture_on_commit_callbacks(execute=True):
        claim(cast, seen, "plays")
    assert cast.play_events.output_ports.count() == 1
    assert not CrawlRun.objects.filter(status="queued").exists()


def test_claim_that_is_refused_queues_nothing(
    seen: Store, cast: Cast, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(Invalid):
        claim(cast, seen, "nothing of this name")
    assert not CrawlRun.objects.filter(status="queued").exists()
