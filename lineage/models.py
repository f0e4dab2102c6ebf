"""Lineage edges: what is made from what, who says so, and since when."""

from django.db import models


class NodeKind(models.TextChoices):
    PRODUCT = "product"
    PORT = "port"
    ASSET = "asset"


class LineageEdgeQuerySet(models.QuerySet["LineageEdge"]):
    def in_force(self) -> "LineageEdgeQuerySet":
        return self.filter(valid_to=None)


class LineageEdge(models.Model):
    """`upstream` feeds `downstream`. An edge ends by `valid_to`, so that the past can be shown; it is not deleted."""

    class Source(models.TextChoices):
        INPUT_PORT = "input_port", "Declared input port"

    source = models.CharField(max_length=20, choices=Source.choices)
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
                fields=["source", "upstream_kind", "upstream_id", "downstream_kind", "downstream_id"],
                condition=models.Q(valid_to=None),
                name="edge_in_force_once",
            )
        ]
        indexes = [
            models.Index(fields=["upstream_kind", "upstream_id"], name="edge_upstream"),
            models.Index(fields=["downstream_kind", "downstream_id"], name="edge_downstream"),
        ]

    def __str__(self) -> str:
        return f"{self.upstream_kind} {self.upstream_id} -> {self.downstream_kind} {self.downstream_id}"
