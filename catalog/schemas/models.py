"""Schemas: versions of what a crawl observed or a contract declares, their fields, and what people say of fields."""

from django.db import models

from catalog.assets.models import Asset
from catalog.common.models import TimestampedModel
from catalog.vocabulary.models import Classification


class SchemaVersion(models.Model):
    """One state of a schema. Observed ones belong to an asset and are numbered; a new one exists only after a change.

    `changes` is the readable difference from the version before (see `diff`).
    """

    class Origin(models.TextChoices):
        OBSERVED = "observed", "Observed"
        DECLARED = "declared", "Declared"

    origin = models.CharField(max_length=10, choices=Origin.choices)
    asset = models.ForeignKey(
        Asset, null=True, blank=True, on_delete=models.CASCADE, related_name="schema_versions"
    )
    number = models.PositiveIntegerField(default=1)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the normal form of the fields
    seen_at = models.DateTimeField()
    field_count = models.PositiveIntegerField(default=0)
    changes = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "number"],
                condition=models.Q(origin="observed"),
                name="schema_observed_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_origin_display()} schema {self.number} of {self.asset or 'a contract'}"


class LogicalType(models.TextChoices):
    """Types every store's own types are mapped to (those of ODCS, with map and unknown added)."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    BINARY = "binary"
    ARRAY = "array"
    OBJECT = "object"
    MAP = "map"
    UNKNOWN = "unknown"


class Field(models.Model):
    """One field of a schema version; `path` is unique in it: `customer.address.city`, `items[].sku`."""

    schema = models.ForeignKey(SchemaVersion, on_delete=models.CASCADE, related_name="fields")
    path = models.CharField(max_length=500)
    name = models.CharField(max_length=300)
    parent_path = models.CharField(max_length=500, blank=True)
    ordinal = models.PositiveIntegerField()  # order in the whole schema, parents before their children
    logical_type = models.CharField(max_length=10, choices=LogicalType.choices, default=LogicalType.UNKNOWN)
    physical_type = models.CharField(max_length=300, blank=True)
    is_nullable = models.BooleanField(null=True)  # None: the source does not say
    key_position = models.PositiveSmallIntegerField(null=True, blank=True)  # 1.. in the primary key
    is_unique = models.BooleanField(null=True)
    references = models.CharField(max_length=500, blank=True)  # "schema.table.column" of a foreign key
    comment = models.TextField(blank=True)  # the source's or the contract's own words
    classification = models.CharField(max_length=100, blank=True)  # as declared, verbatim

    class Meta:
        ordering = ["ordinal"]
        constraints = [models.UniqueConstraint(fields=["schema", "path"], name="field_path")]

    def __str__(self) -> str:
        return self.path


class FieldAnnotation(TimestampedModel):
    """What people say of a field; survives new schema versions because it hangs on (asset, path)."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="annotations")
    path = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    classification = models.ForeignKey(
        Classification, null=True, blank=True, on_delete=models.SET_NULL, related_name="annotations"
    )
    is_released = models.BooleanField(default=False)  # its values may be kept in profiles
    revision = models.PositiveIntegerField(default=0)  # 0: not saved yet

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "path"], name="annotation_path")]

    def __str__(self) -> str:
        return f"{self.path} of {self.asset.name}"


class FieldProfile(models.Model):
    """The latest bounded statistics of a field. Values (minimum … top_values) are empty unless storing was allowed.

    `profiled_at` is since when these figures stand: figures a later crawl finds again are not written again.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="profiles")
    path = models.CharField(max_length=500)
    profiled_at = models.DateTimeField()
    row_count = models.BigIntegerField()  # rows looked at
    is_sample = models.BooleanField(default=False)
    null_share = models.FloatField(null=True, blank=True)  # 0..1
    distinct_estimate = models.BigIntegerField(null=True, blank=True)
    minimum = models.CharField(max_length=200, blank=True)
    maximum = models.CharField(max_length=200, blank=True)
    mean = models.FloatField(null=True, blank=True)
    histogram = models.JSONField(default=list, blank=True)  # [[from, to, rows], …]
    top_values = models.JSONField(
        default=list, blank=True
    )  # [[value, rows], …], each covering 10 rows or more
    withheld_because = models.CharField(max_length=200, blank=True)  # why no values are kept

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "path"], name="profile_path")]

    def __str__(self) -> str:
        return f"{self.asset} {self.path}"
