"""Events as they came, and what they said of datasets beyond what assets have room for."""

import json
import zlib
from typing import Any

from django.conf import settings
from django.db import models

from catalog.accounts.models import ApiToken
from catalog.assets.models import Asset
from lineage.openlineage.names import clean

# What JSON in ASCII shows of values that databases refuse: NUL, (halves of) surrogate pairs, numbers out of range.
_UNCLEAN = ("\\u0000", "\\ud", "Infinity", "NaN")


class LineageEventQuerySet(models.QuerySet["LineageEvent"]):
    def waiting(self) -> "LineageEventQuerySet":
        return self.filter(state=LineageEvent.State.WAITING)

    def failed(self) -> "LineageEventQuerySet":
        return self.filter(state=LineageEvent.State.FAILED)


class LineageEvent(models.Model):
    """One OpenLineage event. The row is the job of projecting it; the body is kept whole until retention takes it."""

    class Kind(models.TextChoices):
        RUN = "run", "Run"
        DATASET = "dataset", "Dataset"
        JOB = "job", "Job"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        PROJECTED = "projected", "Projected"
        FAILED = "failed", "Failed"

    received_at = models.DateTimeField()
    event_at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    event_type = models.CharField(max_length=20, blank=True)  # START, COMPLETE, …; only runs have one
    job_namespace = models.CharField(max_length=400, blank=True)
    job_name = models.CharField(max_length=400, blank=True)
    run_key = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of what was said: the same twice is once
    body = models.BinaryField()  # JSON in UTF-8, deflated by zlib
    size = models.PositiveIntegerField()  # bytes of the JSON
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)  # begun; one whose worker died is not projected
    problem = models.TextField(blank=True)  # why it failed, or what of it could not be used
    projected_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    token = models.ForeignKey(ApiToken, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = LineageEventQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="waiting"), name="event_waiting"),
            models.Index(fields=["id"], condition=models.Q(state="failed"), name="event_failed"),
            models.Index(fields=["received_at"], name="event_received"),
            models.Index(fields=["event_at"], name="event_time"),
            models.Index(fields=["run_key"], name="event_run"),
            models.Index(fields=["job_namespace", "job_name"], name="event_job"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_type} {self.job_namespace}/{self.job_name} at {self.event_at}"

    @property
    def text(self) -> str:
        """The event as JSON, as it came."""
        return zlib.decompress(bytes(self.body)).decode()

    @property
    def document(self) -> Any:
        """The event as data that any database can hold."""
        text = self.text
        data = json.loads(text)
        return clean(data) if any(sign in text for sign in _UNCLEAN) else data


class DatasetFacets(models.Model):
    """What events said of a dataset: the newest facet of each name, unknown ones too."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, related_name="lineage_facets")
    facets = models.JSONField(default=dict, blank=True)
    told_at = models.JSONField(default=dict, blank=True)  # name of a facet -> when it was last told
    last_event_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.asset_id} {sorted(self.facets)}"


class RunDataset(models.Model):
    """A dataset that a run read or wrote (or a job, where no run is named), with that reading's or writing's facets."""

    job = models.ForeignKey("lineage.Job", on_delete=models.CASCADE, related_name="run_datasets")
    run = models.ForeignKey(
        "lineage.Run", null=True, blank=True, on_delete=models.CASCADE, related_name="datasets"
    )
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="run_datasets")
    is_output = models.BooleanField()
    is_explicit = models.BooleanField(default=False)  # every event said in facets what it is made from
    facets = models.JSONField(default=dict, blank=True)  # outputStatistics, dataQualityMetrics, …
    told_at = models.JSONField(default=dict, blank=True)
    first_event_at = models.DateTimeField()
    last_event_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "asset", "is_output"],
                condition=models.Q(run__isnull=False),
                name="run_dataset_once",
            ),
            models.UniqueConstraint(
                fields=["job", "asset", "is_output"],
                condition=models.Q(run=None),
                name="runless_dataset_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {'writes' if self.is_output else 'reads'} {self.asset_id}"
