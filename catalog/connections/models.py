"""Connections: how the portal reaches a store, entered once by the team that runs it."""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import models

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.common.models import TimestampedModel


class Schedule(models.TextChoices):
    """How often a connection is crawled; `manual` only when somebody asks."""

    MANUAL = "manual", "Only when asked"
    MINUTES_15 = "15m", "Every 15 minutes"
    HOURLY = "1h", "Every hour"
    HOURS_6 = "6h", "Every 6 hours"
    DAILY = "1d", "Every day"
    WEEKLY = "7d", "Every week"

    @property
    def interval(self) -> timedelta | None:
        """The time between two crawls; None when nobody but a person asks for one."""
        return _INTERVALS.get(self.value)


_INTERVALS = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
}


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def visible_to(self, user: User | AnonymousUser) -> "ConnectionQuerySet":
        """Connections of the teams one belongs to; all of them for those who run or govern the platform."""
        who = kernel.standing(user)
        return self if who.sees_everything else self.filter(team_id__in=who.team_ids)


class Connection(TimestampedModel):
    """A store and how to reach it. `config` is what the connector declares as public; secrets are encrypted apart."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)  # a connector's name in the registry
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="connections")
    environment = models.CharField(max_length=40, default="production")
    config = models.JSONField(default=dict, blank=True)
    secret = models.TextField(
        blank=True
    )  # a Fernet token of the secret fields as JSON; decrypted in workers only
    schedule = models.CharField(max_length=10, choices=Schedule.choices, default=Schedule.DAILY)
    is_paused = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)
    # State of the source, written by crawls and checks.
    checked_at = models.DateTimeField(null=True, blank=True)
    check_error = models.TextField(blank=True)
    next_crawl_at = models.DateTimeField(null=True, blank=True, db_index=True)
    failures_in_row = models.PositiveIntegerField(default=0)
    circuit_open_until = models.DateTimeField(null=True, blank=True)
    tls_version = models.CharField(max_length=20, blank=True)
    tls_certificate_ends_at = models.DateTimeField(null=True, blank=True)
    tls_observed_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ConnectionCheckQuerySet(models.QuerySet["ConnectionCheck"]):
    def visible_to(self, user: User | AnonymousUser) -> "ConnectionCheckQuerySet":
        """A test holds what one person typed: nobody else sees it."""
        return self.filter(requested_by_id=user.pk) if isinstance(user, User) else self.none()


class ConnectionCheck(TimestampedModel):
    """One test of a connection, saved or only drafted: the row is the job, a worker does it and writes the steps.

    `draft` is what the connection will be (name, team, schedule, …). The request only ever encrypts: `secret` is a
    token that the worker opens and that moves to the connection when the draft is saved.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Testing"
        DONE = "done", "Done"
        SAVED = "saved", "Saved"

    requested_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(  # the one tested or edited; None while it is new
        Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="checks"
    )
    kind = models.CharField(max_length=40)
    draft = models.JSONField(default=dict, blank=True)
    config = models.JSONField(default=dict, blank=True)
    secret = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    is_ok = models.BooleanField(null=True)  # None until done
    steps = models.JSONField(default=list, blank=True)  # [{"name", "ok", "message", "remedy", "latency_ms"}]
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "created_at"], name="check_waiting")]

    def __str__(self) -> str:
        return f"test {self.pk} of {self.connection or self.draft.get('name', 'a connection')}"

    @property
    def is_finished(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.SAVED)
