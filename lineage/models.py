"""Lineage edges: what is made from what, who says so, and since when; the jobs and runs that were seen making it."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.assets.models import Asset
from lineage.datasets.models import DatasetAlias, DatasetMerge, DeclaredName
from lineage.dbt.models import DbtImport, DbtImportPiece, DbtNode, DbtProject
from lineage.edges.models import SenderRejection
from lineage.impact.models import ClassificationProposal, GraphChange
from lineage.openlineage.models import DatasetFacets, LineageEvent, RunDataset
from lineage.sql.models import ReadDefinition

__all__ = [
    "ClassificationProposal",
    "Column",
    "ColumnEdge",
    "DatasetAlias",
    "DatasetFacets",
    "DatasetMerge",
    "DbtImport",
    "DbtImportPiece",
    "DbtNode",
    "DbtProject",
    "DeclaredName",
    "GraphChange",
    "Job",
    "LineageEdge",
    "LineageEvent",
    "NodeKind",
    "ReadDefinition",
    "Run",
    "RunDataset",
    "SenderRejection",
    "Source",
]


class NodeKind(models.TextChoices):
    PRODUCT = "product"
    PORT = "port"
    ASSET = "asset"


class Source(models.TextChoices):
    """Who says that an edge is there. Edges of one source never overwrite those of another."""

    INPUT_PORT = "input_port", "Declared input port"
    BY_HAND = "by_hand", "Drawn by hand"
    OPENLINEAGE = "openlineage", "OpenLineage event"
    DBT = "dbt", "dbt"
    SQL = "sql", "Parsed SQL"


class Job(models.Model):
    """A process that reads and writes datasets, named as OpenLineage names jobs; seen in events or artifacts."""

    namespace = models.CharField(max_length=400)
    name = models.CharField(max_length=400)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    integration = models.CharField(max_length=100, blank=True)  # "SPARK", "DBT", …: what ran it, as it said
    kind = models.CharField(max_length=100, blank=True)  # "QUERY", "MODEL", "DAG", …: as it said
    description = models.TextField(blank=True)
    facets = models.JSONField(default=dict, blank=True)  # the newest of each name, unknown ones too
    told_at = models.JSONField(default=dict, blank=True)  # name of a facet or field -> when it was last told
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)  # its maker says it is gone

    class Meta:
        ordering = ["namespace", "name"]
        constraints = [models.UniqueConstraint(fields=["namespace", "name"], name="job_identity")]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Run(models.Model):
    """One execution of a job. Its state is what its events say together, whatever order they came in."""

    class State(models.TextChoices):
        UNKNOWN = "unknown", "Unknown"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"
        ABORTED = "aborted", "Aborted"

    key = models.CharField(
        max_length=200, unique=True
    )  # the run id of the events, a UUID where clients keep the rules
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="runs")
    parent_key = models.CharField(max_length=200, blank=True)  # its own row may come later, or never
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNKNOWN)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    nominal_start_at = models.DateTimeField(null=True, blank=True)
    nominal_end_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # who sent its newest event
    facets = models.JSONField(default=dict, blank=True)
    told_at = models.JSONField(default=dict, blank=True)  # name of a facet or field -> when it was last told
    first_event_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_event_at", "-id"]
        indexes = [models.Index(fields=["job", "-last_event_at"], name="run_of_job")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.key} {self.state}"


def there_at(at: datetime | None) -> models.Q:
    """Which edges were there at a moment (None: are there now). One drawn by hand may have an end to come."""
    if at is None:
        return models.Q(valid_to=None) | models.Q(valid_to__gt=timezone.now())
    return models.Q(first_seen__lte=at) & (models.Q(valid_to=None) | models.Q(valid_to__gt=at))


class LineageEdgeQuerySet(models.QuerySet["LineageEdge"]):
    def in_force(self, at: datetime | None = None) -> "LineageEdgeQuerySet":
        return self.filter(there_at(at))


class LineageEdge(models.Model):
    """`upstream` feeds `downstream`. An edge ends by `valid_to`, so that the past can be shown; it is not deleted.

    Pictures, impact and reach read edges from a port to a product. Those seen by machines are between assets; from them
    edges from port to product are derived, with the same source (`is_derived`), across assets that no port claims.
    """

    Source = Source

    source = models.CharField(max_length=20, choices=Source.choices)
    is_derived = models.BooleanField(default=False)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="edges")
    confidence = models.PositiveSmallIntegerField(default=100)  # percent
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # of an edge drawn by hand
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # who last told of an edge that machines saw: a person or a service account; None: the portal's own reading
    note = models.TextField(blank=True)
    upstream_kind = models.CharField(max_length=10, choices=NodeKind.choices)
    upstream_id = models.BigIntegerField()
    downstream_kind = models.CharField(max_length=10, choices=NodeKind.choices)
    downstream_id = models.BigIntegerField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    objects = LineageEdgeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "job", "upstream_kind", "upstream_id", "downstream_kind", "downstream_id"],
                condition=models.Q(valid_to=None),
                name="edge_in_force_once",
            ),
            models.UniqueConstraint(
                fields=["source", "upstream_kind", "upstream_id", "downstream_kind", "downstream_id"],
                condition=models.Q(valid_to=None, job=None),
                name="edge_in_force_once_no_job",
            ),
        ]
        indexes = [
            models.Index(fields=["upstream_kind", "upstream_id"], name="edge_upstream"),
            models.Index(fields=["downstream_kind", "downstream_id"], name="edge_downstream"),
            models.Index(fields=["valid_to"], condition=~models.Q(valid_to=None), name="edge_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.upstream_kind} {self.upstream_id} -> {self.downstream_kind} {self.downstream_id}"


class PortClaim(models.Model):
    """The asset a port claimed when edges were last derived: what differs from the port is derived anew."""

    port_id = models.BigIntegerField(primary_key=True)  # kept when the port is gone, until its edges ended
    asset_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.port_id} claims {self.asset_id}"


class DerivationStop(models.Model):
    """From this asset on there is more than a derivation reads: edges through it may be missing, none was ended."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, related_name="+")
    stopped_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"stopped at {self.asset_id}"


class Column(models.Model):
    """A column of an asset, as a node of lineage, to which edges point. `path` joins nested names by dots."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="lineage_columns")
    path = models.CharField(max_length=400)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "path"], name="lineage_column_identity")]

    def __str__(self) -> str:
        return f"{self.asset_id}.{self.path}"


class ColumnEdgeQuerySet(models.QuerySet["ColumnEdge"]):
    def in_force(self, at: datetime | None = None) -> "ColumnEdgeQuerySet":
        return self.filter(there_at(at))


class ColumnEdge(models.Model):
    """One column is made from another (direct), or another decides which of its values are there (indirect)."""

    source = models.CharField(max_length=20, choices=Source.choices)
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="column_edges"
    )
    upstream = models.ForeignKey(Column, on_delete=models.CASCADE, related_name="feeds")
    downstream = models.ForeignKey(Column, on_delete=models.CASCADE, related_name="made_from")
    is_direct = models.BooleanField(default=True)
    how = models.CharField(
        max_length=60, blank=True
    )  # identity, transformation, aggregation, join, filter, …
    confidence = models.PositiveSmallIntegerField(default=100)  # percent
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    objects = ColumnEdgeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "job", "upstream", "downstream"],
                condition=models.Q(valid_to=None),
                name="column_edge_in_force_once",
            ),
            models.UniqueConstraint(
                fields=["source", "upstream", "downstream"],
                condition=models.Q(valid_to=None, job=None),
                name="column_edge_in_force_once_no_job",
            ),
        ]
        indexes = [
            models.Index(fields=["valid_to"], condition=~models.Q(valid_to=None), name="column_edge_ended")
        ]

    def __str__(self) -> str:
        return f"{self.upstream_id} -> {self.downstream_id}"
