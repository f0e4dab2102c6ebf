"""Checks of what a port holds, their results over time, how each stands, and the scores they help to make."""

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from catalog.accounts.kernel import audience_filter
from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.products.models import OutputPort
from catalog.quality.outcomes import Outcome, Status


class QualityCheckQuerySet(models.QuerySet["QualityCheck"]):
    def visible_to(self, user: User) -> "QualityCheckQuerySet":
        """Checks of the products `user` may know of."""
        return self.filter(audience_filter(user, prefix="port__product__"))

    def active(self) -> "QualityCheckQuerySet":
        """Those still asked for."""
        return self.filter(ended_at=None)


class QualityCheck(TimestampedModel):
    """A question asked of a port's data again and again, with a clear answer: passed or failed.

    `element` is the path of the field it is about ("": the whole). `parameters` are those of the kind
    (see `parameters`). Who measures it: crawls, unless the kind is text (nobody) or external (another tool).
    """

    class Kind(models.TextChoices):
        NOT_NULL = "not_null", "Not empty"
        UNIQUE = "unique", "Unique"
        ACCEPTED_VALUES = "accepted_values", "Accepted values"
        RANGE = "range", "Range"
        PATTERN = "pattern", "Pattern"
        ROW_COUNT = "row_count", "Row count"
        ROW_COUNT_CHANGE = "row_count_change", "Change in row count"
        FRESHNESS = "freshness", "Freshness"
        REFERENTIAL = "referential", "Reference exists"
        CUSTOM_SQL = "custom_sql", "Own SQL"
        EXTERNAL = "external", "Measured elsewhere"
        TEXT = "text", "In words"

    class Dimension(models.TextChoices):
        """The seven of the Open Data Contract Standard."""

        ACCURACY = "accuracy", "Accuracy"
        COMPLETENESS = "completeness", "Completeness"
        CONFORMITY = "conformity", "Conformity"
        CONSISTENCY = "consistency", "Consistency"
        COVERAGE = "coverage", "Coverage"
        TIMELINESS = "timeliness", "Timeliness"
        UNIQUENESS = "uniqueness", "Uniqueness"

    class Severity(models.TextChoices):
        INFO = "info", "Information"
        WARNING = "warning", "Warning"
        ERROR = "error", "Error"
        CRITICAL = "critical", "Critical"

    class Source(models.TextChoices):
        FORM = "form", "Entered here"
        API = "api", "API"
        CONTRACT = "contract", "Contract"
        DBT = "dbt", "dbt"
        OUTSIDE = "outside", "Another tool"

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="checks")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    element = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    parameters = models.JSONField(default=dict, blank=True)
    dimension = models.CharField(max_length=20, choices=Dimension.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.ERROR)
    every = models.DurationField(
        null=True, blank=True
    )  # crawls ask at most this often (None: each); other tools are expected to
    schedule = models.CharField(max_length=100, blank=True, default="")  # instead: a line of cron, see `cron`
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.FORM)
    source_key = models.CharField(max_length=300, blank=True)  # its identity in what it came from
    contract_path = models.CharField(max_length=500, blank=True)  # "$.schema[0].properties[2].quality[0]"
    ended_at = models.DateTimeField(null=True, blank=True)  # no longer asked since then
    revision = models.PositiveIntegerField(default=1)

    objects = QualityCheckQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        verbose_name = "check"
        ordering = ["port", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["port", "source", "source_key"],
                condition=~models.Q(source_key=""),
                name="check_source",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("quality:detail", args=[self.pk])

    @property
    def is_active(self) -> bool:
        return self.ended_at is None

    @property
    def is_crawled(self) -> bool:
        """Whether crawls measure it."""
        return self.kind not in (self.Kind.TEXT, self.Kind.EXTERNAL) and self.source in (
            self.Source.FORM,
            self.Source.API,
            self.Source.CONTRACT,
        )


class CheckState(models.Model):
    """How a check stands; made with it, and the lock its results are stored under.

    Defaults are the database's, because bulk writes go past Python. `outcome` to `message` tell of the newest result,
    `status` and `since` what the newest results together mean.
    """

    quality_check = models.OneToOneField(
        QualityCheck, on_delete=models.CASCADE, primary_key=True, related_name="state"
    )
    status = models.CharField(max_length=10, choices=Status.choices, db_default=Status.UNKNOWN.value)
    since = models.DateTimeField(null=True)  # first result of this status
    is_flapping = models.BooleanField(db_default=False)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, db_default="")
    measured_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)  # until when the newest result counts as recent
    failed_rows = models.BigIntegerField(null=True)
    total_rows = models.BigIntegerField(null=True)
    value = models.FloatField(null=True)
    message = models.CharField(max_length=1_000, blank=True, db_default="")

    def __str__(self) -> str:
        return f"{self.quality_check_id}: {self.status}"


class CheckResult(models.Model):
    """What one measurement of a check found; the same check at the same moment is one result."""

    quality_check = models.ForeignKey(
        QualityCheck, on_delete=models.CASCADE, related_name="results", db_index=False
    )
    measured_at = models.DateTimeField(db_index=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    failed_rows = models.BigIntegerField(null=True)
    total_rows = models.BigIntegerField(null=True)
    value = models.FloatField(null=True)  # what was measured, in the unit of the check
    message = models.CharField(max_length=1_000, blank=True)
    source = models.CharField(max_length=40)  # "crawl", "dbt", "great_expectations", ...
    run_key = models.CharField(max_length=200, blank=True)  # the run of that tool, or the number of the crawl
    sample = models.JSONField(default=list)  # failing values, only of fields whose values may be kept

    class Meta:
        ordering = ["-measured_at"]
        constraints = [
            models.UniqueConstraint(fields=["quality_check", "measured_at"], name="check_result_moment")
        ]

    def __str__(self) -> str:
        return f"{self.quality_check_id} at {self.measured_at:%Y-%m-%d %H:%M}: {self.outcome}"


class WaitingResults(models.Model):
    """Results about a contract that came before a port was offered under it; they are recorded when one is.

    Kept as they were read, so without any value of the data.
    """

    contract_key = models.CharField(max_length=300)
    tool = models.CharField(max_length=40)
    version = models.CharField(max_length=60, blank=True)  # of the tool
    run_key = models.CharField(max_length=200, blank=True)
    findings = models.JSONField()  # as `waiting.write` makes them
    digest = models.CharField(max_length=64)  # SHA-256 of the findings: the same file is kept once
    sent_by = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="+"
    )  # None: the portal
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "waiting results"
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["contract_key", "digest"], name="waiting_results_once")
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.run_key} of {self.contract_key}"


class QualityScore(models.Model):
    """The score a crawl led to: 0-100, or None below two measured dimensions. `dimensions` explains every point."""

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="quality_scores")
    scored_at = models.DateTimeField()
    value = models.FloatField(null=True, blank=True)
    formula = models.CharField(max_length=10)  # version of the formula, see `score`
    documentation = models.FloatField()  # 0..1, a separate figure, not part of the score
    dimensions = models.JSONField()  # [{"name", "value" 0..1 or null, "weight", "explanation"}]

    class Meta:
        ordering = ["-scored_at"]
        get_latest_by = "scored_at"
        constraints = [models.UniqueConstraint(fields=["port", "scored_at"], name="score_unique")]

    def __str__(self) -> str:
        return f"{self.port}: {self.value}"
