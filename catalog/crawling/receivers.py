"""What crawling does when others change: ring for a worker, forget values that may not be kept, judge anew.

Without a broker no run is lost: beat rings for every waiting one.
"""

import logging
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import Conflict, NotAllowed
from catalog.connections.models import Connection
from catalog.crawling import judging, privacy, services, tasks
from catalog.crawling.signals import crawl_queued
from catalog.products.models import OutputPort
from catalog.products.signals import ports_claimed, products_changed
from catalog.quality.signals import checks_edited, results_recorded
from catalog.trust import services as trust
from catalog.vocabulary.models import Classification
from catalog.vocabulary.signals import classification_changed

logger = logging.getLogger(__name__)


@receiver(crawl_queued, dispatch_uid="catalog.crawling.crawl_queued")
def ring_for_worker(run_id: int, **_: Any) -> None:
    try:
        tasks.ring([run_id])
    except Exception as error:  # whatever the broker's client raises while it is away
        logger.warning("No worker could be rung for crawl %s (%s); beat will", run_id, type(error).__name__)


@receiver(ports_claimed, dispatch_uid="catalog.crawling.ports_claimed")
def read_what_was_claimed(connection_id: int, actor_id: int | None, **_: Any) -> None:
    """Only claimed assets are read, so new ports have no figures until the store is crawled: one crawl for all."""
    connection = Connection.objects.select_related("team").get(pk=connection_id)
    actor = User.objects.get(pk=actor_id) if actor_id is not None else None
    try:
        services.request_crawl(actor=actor, connection=connection)
    except (Conflict, NotAllowed) as error:
        logger.info("What was claimed in %s waits for its next crawl: %s", connection, error.message)


@receiver(classification_changed, dispatch_uid="catalog.crawling.classification_changed")
def forget_values_of_classification(classification: Classification, **_: Any) -> None:
    if classification.is_personal:
        privacy.enforce(asset_ids=privacy.assets_classified(classification))


@receiver(products_changed, dispatch_uid="catalog.crawling.products_changed")
def judge_changed(product_ids: Collection[int], port_ids: Collection[int], **_: Any) -> None:
    """A promise, a contract, a text or a classification may be another now."""
    now = timezone.now()
    with transaction.atomic():
        rows = OutputPort.objects.filter(pk__in=port_ids).exclude(asset=None)
        privacy.enforce(asset_ids=list(rows.values_list("asset_id", flat=True)))
        judging.judge_again(port_ids=port_ids, now=now)
    judged = OutputPort.objects.filter(pk__in=port_ids).values_list("product_id", flat=True)
    trust.refresh_products(product_ids=set(product_ids) - set(judged), now=now)


@receiver(results_recorded, dispatch_uid="catalog.crawling.results_recorded")
def judge_measured(port_ids: Iterable[int], **_: Any) -> None:
    """Another tool sent results, which join the score."""
    judging.judge_again(port_ids=list(port_ids), now=timezone.now())


@receiver(checks_edited, dispatch_uid="catalog.crawling.checks_edited")
def judge_checked(port_ids: Collection[int], **_: Any) -> None:
    """A check came, changed or went: the score is made of others."""
    judging.judge_again(port_ids=port_ids, now=timezone.now())
