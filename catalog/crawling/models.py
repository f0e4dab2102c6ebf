"""Crawl runs: the row is the job, the Celery message only the doorbell."""

from django.conf import settings
from django.db import models

from catalog.assets.models import Asset
from catalog.connections.models import Connection
from catalog.products.models import OutputPort


class CrawlRun(models.Model):
    """One crawl of a connection, or of one port's asset in it. Claimed by one conditional UPDATE."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        PARTIAL = "partial", "Succeeded in part"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        MANUAL = "manual", "By hand"
        RETRY = "retry", "Retry"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="runs")
    port = models.ForeignKey(
        OutputPort, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()  # not before (back-off of retries)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=36, blank=True)  # who holds it; a stale heartbeat frees it
    attempt = models.PositiveSmallIntegerField(default=1)
    done = models.PositiveIntegerField(default=0)  # assets read so far
    total = models.PositiveIntegerField(null=True, blank=True)  # None until known
    counts = models.JSONField(
        default=dict, blank=True
    )  # {"new", "changed", "unchanged", "vanished", "failed"}
    error_code = models.CharField(max_length=40, blank=True)  # unreachable, refused, malformed, too_large, …
    error = models.TextField(blank=True)  # one sentence for people, secrets redacted
    remedy = models.TextField(blank=True)

    class Meta:
        ordering = ["-queued_at", "-id"]
        constraints = [
            models.UniqueConstraint(  # ringing twice makes one run
                fields=["connection"],
                condition=models.Q(status="queued", port=None),
                name="run_queued_once",
            ),
            models.UniqueConstraint(  # one crawl at a time per source
                fields=["connection"], condition=models.Q(status="running"), name="run_running_once"
            ),
            models.UniqueConstraint(
                fields=["port"], condition=models.Q(status="queued"), name="run_queued_once_per_port"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "due_at"], name="run_due"),
            models.Index(fields=["connection", "-queued_at"], name="run_of_connection"),
        ]

    def __str__(self) -> str:
        return f"crawl {self.pk} of {self.connection}"


class CrawlItem(models.Model):
    """What one run found at one asset."""

    class Outcome(models.TextChoices):
        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        UNCHANGED = "unchanged", "Unchanged"
        VANISHED = "vanished", "Vanished"
        FAILED = "failed", "Failed"

    run = models.ForeignKey(CrawlRun, on_delete=models.CASCADE, related_name="items")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="crawl_items")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    message = models.TextField(blank=True)
    remedy = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "asset"], name="crawl_item_unique")]

    def __str__(self) -> str:
        return f"{self.asset}: {self.outcome}"
