"""How long rows are kept: one rule for each kind, days from the settings, deleted in small transactions."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, Max, Model, OuterRef, QuerySet
from django.utils import timezone

from catalog.accounts.models import Invitation, Session
from catalog.assets.models import AssetReading
from catalog.audit import chain
from catalog.audit.models import AuditEvent, ChangeMark, OutboxEvent, ReadMark
from catalog.crawling.services import old_runs
from catalog.notifications.models import Notice, Notification
from catalog.notifications.webhooks.models import WebhookDelivery
from catalog.quality.models import QualityScore
from catalog.schemas.models import FieldProfile
from lineage.openlineage.keeping import old_events as old_lineage_events
from lineage.openlineage.keeping import old_runs as old_lineage_runs

BATCH = 500  # rows in one transaction: nobody who writes waits long
CHAINED_BATCH = 5_000  # of the audit trail: each batch leaves an event that says so
MOST_BATCHES = 400  # of one kind in one go; the next goes on
LAST_KEY = "retention-last"
Rows = Callable[[datetime], QuerySet[Any]]


@dataclass(frozen=True)
class Rule:
    """Rows of one kind older than `days` go; 0 days keep them for ever. `words` say what stays nevertheless."""

    name: str
    setting: str
    rows: Rows
    words: str

    @property
    def days(self) -> int | None:
        """None where no setting decides."""
        return int(getattr(settings, self.setting)) if self.setting else None

    @property
    def kept(self) -> str:
        if self.days is None:
            return "until they end"
        return f"{self.days} days" if self.days else "for ever"

    def due(self, now: datetime) -> QuerySet[Any]:
        """What may go at `now`."""
        found = self.rows(now - timedelta(days=self.days or 0))
        return found.none() if self.days == 0 else found


def _latest_kept(model: type[Model], owner: str, moment: str) -> Rows:
    """Old rows of `model`, but never the last one of its owner."""

    def rows(before: datetime) -> QuerySet[Any]:
        newer = model._default_manager.filter(
            **{owner: OuterRef(owner), f"{moment}__gt": OuterRef(moment)}
        ).order_by()
        return model._default_manager.filter(Exists(newer), **{f"{moment}__lt": before})

    return rows


def _histories() -> list[type[Model]]:
    """The models that hold former states of rows."""
    return [
        model
        for model in apps.get_models()
        if hasattr(model, "history_date") and hasattr(model, "instance_type")
    ]


def _plural_of(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural).removeprefix("historical ").replace("slos", "SLOs")


def _history_of(model: type[Model]) -> Rows:
    def rows(before: datetime) -> QuerySet[Any]:
        last = model._default_manager.order_by().values("id").annotate(last=Max("history_id")).values("last")
        return model._default_manager.filter(history_date__lt=before).exclude(history_id__in=last)

    return rows


def rules() -> list[Rule]:
    """Every rule, in the order they are applied."""
    return [
        Rule("Crawl runs", "RETAIN_RUNS_DAYS", old_runs, "The last run of each connection stays."),
        Rule(
            "Readings",
            "RETAIN_READINGS_DAYS",
            _latest_kept(AssetReading, "asset", "read_at"),
            "After 30 days one a day; the last of each asset stays.",
        ),
        Rule(
            "Quality scores",
            "RETAIN_READINGS_DAYS",
            _latest_kept(QualityScore, "port", "scored_at"),
            "As readings; the last of each port stays.",
        ),
        Rule(
            "Profiles",
            "RETAIN_PROFILES_DAYS",
            lambda before: FieldProfile.objects.filter(asset__vanished_at__lt=before),
            "Of assets that vanished; those of present ones stay.",
        ),
        Rule(
            "One-time links",
            "RETAIN_LINKS_DAYS",
            lambda before: Invitation.objects.filter(expires_at__lt=before),
            "Counted from their end.",
        ),
        Rule(
            "Sessions",
            "",
            lambda now: Session.objects.filter(expire_date__lte=now),
            "They go when they have ended.",
        ),
        Rule(
            "Notifications",
            "RETAIN_NOTICES_DAYS",
            lambda before: Notification.objects.filter(created_at__lt=before),
            "Read or not.",
        ),
        Rule(
            "Notices",
            "RETAIN_NOTICES_DAYS",
            lambda before: Notice.objects.filter(
                ~Exists(Notification.objects.filter(notice=OuterRef("pk"))), created_at__lt=before
            ),
            "What happened, once nobody's list shows it any more.",
        ),
        Rule(
            "Deliveries of webhooks",
            "RETAIN_EVENTS_DAYS",
            lambda before: WebhookDelivery.objects.filter(created_at__lt=before),
            "With what became of each attempt.",
        ),
        Rule(
            "Events of the feed",
            "RETAIN_EVENTS_DAYS",
            lambda before: OutboxEvent.objects.filter(at__lt=before, position__isnull=False),
            "A reader whose cursor is older goes on with the oldest that is kept.",
        ),
        Rule(
            "Change marks",
            "RETAIN_MARKS_DAYS",
            lambda before: ChangeMark.objects.filter(created_at__lt=before),
            "Written into the index within seconds; what is this old is found by the comparison.",
        ),
        Rule(
            "Marks of reading",
            "",
            lambda now: ReadMark.objects.filter(day__lt=(now - timedelta(days=2)).date()),
            "They keep the trail from saying the same twice a day, and go after two days.",
        ),
        Rule(
            "Lineage events",
            "RETAIN_LINEAGE_EVENTS_DAYS",
            old_lineage_events,
            "Those that wait to be read stay.",
        ),
        Rule("Runs of jobs", "RETAIN_LINEAGE_RUNS_DAYS", old_lineage_runs, "The last run of each job stays."),
        *(
            Rule(
                f"History of {_plural_of(model)}",
                "RETAIN_HISTORY_DAYS",
                _history_of(model),
                "The last state of each stays.",
            )
            for model in _histories()
        ),
        Rule(
            "Audit trail",
            "RETAIN_AUDIT_DAYS",
            lambda before: AuditEvent.objects.filter(at__lt=before),
            "Kept for ever unless somebody decides otherwise; deleted from its beginning, and the trail says so.",
        ),
    ]


def count_due(now: datetime | None = None) -> dict[str, int]:
    """How many rows of each kind would go now."""
    now = now or timezone.now()
    return {rule.name: rule.due(now).count() for rule in rules()}


def apply(now: datetime | None = None) -> dict[str, int]:
    """Delete what is due; how many of each kind went. The next time goes on where a killed one stopped."""
    now = now or timezone.now()
    gone = {rule.name: _delete_due(rule, now) for rule in rules()}
    cache.set(LAST_KEY, {"at": now, "gone": gone}, timeout=30 * 24 * 3600)
    return gone


def last_applied() -> dict[str, Any] | None:
    """`{"at", "gone"}` of the last time, while the cache remembers it."""
    found: dict[str, Any] | None = cache.get(LAST_KEY)
    return found


def _delete_due(rule: Rule, now: datetime) -> int:
    due = rule.due(now)
    if due.model is not AuditEvent:
        return sum(_batches(due))
    return sum(_chained_batches(rule, now))


def _chained_batches(rule: Rule, now: datetime) -> Iterator[int]:
    """Of the audit trail only its beginning may go, as its chain allows (`catalog.audit.chain`)."""
    if rule.days == 0:
        return
    chain.seal_waiting()
    for _ in range(MOST_BATCHES):
        gone = chain.prune(now - timedelta(days=rule.days or 0), most=CHAINED_BATCH)
        yield gone
        if gone < CHAINED_BATCH:
            return


def _batches(due: QuerySet[Any]) -> Iterator[int]:
    for _ in range(MOST_BATCHES):
        with transaction.atomic():
            ids = list(due.order_by("pk").values_list("pk", flat=True)[:BATCH])
            if not ids:
                return
            due.model._base_manager.filter(pk__in=ids).delete()
        yield len(ids)
