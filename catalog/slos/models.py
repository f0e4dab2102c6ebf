"""Objectives of ports, their measurements, the roll-ups of these, and how each objective stands."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from catalog.accounts.kernel import audience_filter
from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.products.models import OutputPort
from catalog.slos.evaluate import Alert, Status
from catalog.slos.windows import Window, WindowKind

LEAST_TARGET, MOST_TARGET = 0.5, 0.99999
LONGEST_ROLLING = 90  # days: as long as hours are kept


def validate_zone(name: str) -> None:
    """A name of the time zone database."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError("Use a time zone such as Europe/Berlin or UTC.", "time_zone") from error


class SloQuerySet(models.QuerySet["ServiceLevelObjective"]):
    def visible_to(self, user: User) -> "SloQuerySet":
        """Objectives of the products `user` may know of."""
        return self.filter(audience_filter(user, prefix="port__product__"))

    def active(self) -> "SloQuerySet":
        """Those still promised."""
        return self.filter(ended_at=None)


class ServiceLevelObjective(TimestampedModel):
    """What a port promises: this share of measurements is good, in this window.

    A measured value is good from `at_least` to `at_most`, whichever are given; kinds without bounds (availability,
    schema stability) are good or bad by themselves. Values are seconds (freshness), milliseconds (latency), shares
    from 0 to 1 (completeness), rows (volume), points from 0 to 100 (quality), or what `unit` says (custom).
    """

    class Kind(models.TextChoices):
        FRESHNESS = "freshness", "Freshness"
        AVAILABILITY = "availability", "Availability"
        COMPLETENESS = "completeness", "Completeness"
        VOLUME = "volume", "Volume"
        LATENCY = "latency", "Latency"
        QUALITY = "quality", "Quality"
        SCHEMA_STABILITY = "schema_stability", "Schema stability"
        CUSTOM = "custom", "Custom"

    class Criticality(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"
        CRITICAL = "critical", "Critical"

    class Source(models.TextChoices):
        FORM = "form", "Entered here"
        API = "api", "API"
        CONTRACT = "contract", "Contract"
        OPENSLO = "openslo", "OpenSLO"
        ODPS = "odps", "Product descriptor"

    class WindowChoice(models.TextChoices):
        ROLLING = WindowKind.ROLLING.value, "Rolling"
        WEEK = WindowKind.WEEK.value, "Calendar week"
        MONTH = WindowKind.MONTH.value, "Calendar month"
        QUARTER = WindowKind.QUARTER.value, "Calendar quarter"
        YEAR = WindowKind.YEAR.value, "Calendar year"

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="slos")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    element = models.CharField(
        max_length=500, blank=True
    )  # path of the field a completeness is about; "": all
    target = models.FloatField(
        validators=[MinValueValidator(LEAST_TARGET), MaxValueValidator(MOST_TARGET)]
    )  # share of good measurements
    at_least = models.FloatField(null=True, blank=True)
    at_most = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)  # of the values of a custom objective
    window = models.CharField(max_length=10, choices=WindowChoice.choices, default=WindowChoice.ROLLING)
    window_days = models.PositiveSmallIntegerField(
        default=28, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_ROLLING)]
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    criticality = models.CharField(max_length=10, choices=Criticality.choices, default=Criticality.MEDIUM)
    expected_every = models.DurationField(
        null=True, blank=True
    )  # a custom one that is not measured for twice as long is unknown
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.FORM)
    source_key = models.CharField(max_length=300, blank=True)  # its identity in the document it came from
    source_values = models.JSONField(default=dict, blank=True)  # what that document said last
    ended_at = models.DateTimeField(null=True, blank=True)  # no longer promised since then
    revision = models.PositiveIntegerField(default=1)

    objects = SloQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        verbose_name = "slo"
        ordering = ["port", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["port", "source", "source_key"],
                condition=~models.Q(source_key=""),
                name="slo_source",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("slos:detail", args=[self.pk])

    @property
    def judged_over(self) -> Window:
        return Window(WindowKind(self.window), self.window_days, self.time_zone)


class SloState(models.Model):
    """How an objective stood when it was last evaluated; made with it, and the lock its measurements are stored under.

    Defaults are the database's, because bulk writes go past Python.
    """

    slo = models.OneToOneField(
        ServiceLevelObjective, on_delete=models.CASCADE, primary_key=True, related_name="state"
    )
    status = models.CharField(max_length=10, db_default=Status.UNKNOWN.value)
    good = models.BigIntegerField(db_default=0)
    bad = models.BigIntegerField(db_default=0)
    attainment = models.FloatField(null=True)
    budget_left = models.FloatField(null=True)
    burn_rate = models.FloatField(null=True)
    alert = models.CharField(max_length=10, db_default=Alert.NONE.value)
    exhausted_at = models.DateTimeField(null=True)  # forecast
    measured_at = models.DateTimeField(null=True)  # newest measurement
    newest_is_good = models.BooleanField(db_default=True)
    valid_until = models.DateTimeField(null=True)  # until when the newest measurement counts as recent
    evaluated_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_index=True)  # None: never evaluated, due now

    def __str__(self) -> str:
        return f"{self.slo_id}: {self.status}"


class Measurement(models.Model):
    """One raw measurement: one or many good and bad events, with the value they were judged by.

    `key` makes it idempotent: the same key again replaces it.
    """

    slo = models.ForeignKey(
        ServiceLevelObjective, on_delete=models.CASCADE, related_name="measurements", db_index=False
    )
    key = models.CharField(max_length=100)
    measured_at = models.DateTimeField(db_index=True)
    value = models.FloatField(null=True)
    good = models.BigIntegerField()
    bad = models.BigIntegerField()

    class Meta:
        ordering = ["-measured_at"]
        constraints = [models.UniqueConstraint(fields=["slo", "key"], name="measurement_key")]
        indexes = [models.Index(fields=["slo", "measured_at"], name="measurement_time")]

    def __str__(self) -> str:
        return f"{self.slo_id} at {self.measured_at:%Y-%m-%d %H:%M}: {self.good} good, {self.bad} bad"


class MeasurementRollup(models.Model):
    """Good and bad measurements of an hour or day (of the objective's time zone, beginning at `starts_at`)."""

    class Grain(models.TextChoices):
        HOUR = "h"
        DAY = "d"

    slo = models.ForeignKey(
        ServiceLevelObjective, on_delete=models.CASCADE, related_name="rollups", db_index=False
    )
    grain = models.CharField(max_length=1, choices=Grain.choices)
    starts_at = models.DateTimeField()
    good = models.BigIntegerField()
    bad = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slo", "grain", "starts_at"], name="rollup_bucket")]
        indexes = [models.Index(fields=["grain", "starts_at"], name="rollup_age")]

    def __str__(self) -> str:
        return f"{self.slo_id} {self.grain} {self.starts_at:%Y-%m-%d %H:%M}"
