"""Assets: physical things a crawl saw, and what was read of them over time."""

from django.db import models

from catalog.common.models import TimestampedModel
from catalog.connections.models import Connection


class AssetQuerySet(models.QuerySet["Asset"]):
    def present(self) -> "AssetQuerySet":
        return self.filter(vanished_at=None)


class Asset(TimestampedModel):
    """A table, file set or endpoint, named as OpenLineage names datasets: (namespace, name).

    An output port claims it; until then it is unclaimed. Vanished assets are marked, never deleted.
    """

    class Kind(models.TextChoices):
        TABLE = "table", "Table"
        VIEW = "view", "View"
        FILES = "files", "Files"
        API = "api", "API"
        TOPIC = "topic", "Topic"

    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.SET_NULL, related_name="assets"
    )
    namespace = models.CharField(max_length=400)
    name = models.CharField(max_length=400)
    address = models.JSONField(default=dict, blank=True)  # the connector's own way to find it again
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TABLE)
    comment = models.TextField(blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)  # not found, and the loss not believed yet
    vanished_at = models.DateTimeField(null=True, blank=True)
    observed_digest = models.CharField(
        max_length=32, blank=True, default=""
    )  # of what was stored last; "": read anew
    is_ignored = models.BooleanField(default=False)  # somebody said it will not become a product
    match_key = models.CharField(
        max_length=64, blank=True, default="", db_default="", db_index=True
    )  # what other spellings of its name are found by; "": to be computed by `lineage.datasets`

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["namespace", "name"]
        constraints = [models.UniqueConstraint(fields=["namespace", "name"], name="asset_identity")]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class ViewDefinition(models.Model):
    """The SQL a view is made by, as the store worded it since `seen_at`; each new wording is a new number.

    Kept apart from the asset, because SQL may be long and may hold literals: nothing reads it in passing.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="definitions")
    number = models.PositiveIntegerField()
    sql = models.TextField()
    digest = models.CharField(max_length=64)  # SHA-256 of the text, to compare without reading it
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["asset", "number"], name="view_definition_number")]

    def __str__(self) -> str:
        return f"{self.asset} definition {self.number}"


class AssetReading(models.Model):
    """What one crawl read of an asset: size, freshness, reachability. Kept over time."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="readings")
    read_at = models.DateTimeField()
    run_id = models.BigIntegerField(
        null=True, blank=True
    )  # the CrawlRun, kept apart so that runs can be pruned
    is_reachable = models.BooleanField()
    error_code = models.CharField(max_length=40, blank=True)  # unreachable, refused, gone, malformed, …
    error = models.TextField(blank=True)  # one sentence for people
    remedy = models.TextField(blank=True)
    latency_ms = models.FloatField(null=True, blank=True)
    row_count = models.BigIntegerField(null=True, blank=True)
    row_count_is_estimate = models.BooleanField(default=False)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    object_count = models.BigIntegerField(null=True, blank=True)  # files in a file set
    fresh_at = models.DateTimeField(null=True, blank=True)  # time of the newest data
    fresh_basis = models.CharField(
        max_length=200, blank=True
    )  # "column played_at", "file time", "Last-Modified"

    class Meta:
        ordering = ["-read_at"]
        get_latest_by = "read_at"
        constraints = [models.UniqueConstraint(fields=["asset", "read_at"], name="reading_unique")]

    def __str__(self) -> str:
        return f"{self.asset} at {self.read_at:%Y-%m-%d %H:%M}"
