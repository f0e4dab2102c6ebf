"""What is known of the identity of datasets: other names of it, and merges."""

from django.conf import settings
from django.db import models

from catalog.assets.models import Asset
from catalog.products.models import OutputPort


class DatasetAliasQuerySet(models.QuerySet["DatasetAlias"]):
    def in_force(self) -> "DatasetAliasQuerySet":
        return self.filter(undone_at=None)


class DatasetAlias(models.Model):
    """Another name of an asset. One that was undone stays: the machine that told it is not believed a second time."""

    class Kind(models.TextChoices):
        SYMLINK = "symlink", "Told by an event"
        SPELLING = "spelling", "Spelled otherwise"  # the platform's rules make both names one
        BY_HAND = "by_hand", "Bound by a person"
        MERGE = "merge", "Name of a merged dataset"
        DECLARED = "declared", "Named by a port or its contract"

    namespace = models.CharField(max_length=400)
    name = models.CharField(max_length=400)
    match_key = models.CharField(max_length=64, db_index=True)  # see `naming.match_key`
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=20, blank=True)  # a `lineage.models.Source`, of what a machine told
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = DatasetAliasQuerySet.as_manager()

    class Meta:
        ordering = ["namespace", "name", "-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["namespace", "name"], condition=models.Q(undone_at=None), name="dataset_alias_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace} {self.name} -> {self.asset_id}"


class DatasetMergeQuerySet(models.QuerySet["DatasetMerge"]):
    def done(self) -> "DatasetMergeQuerySet":
        return self.filter(state=DatasetMerge.State.DONE)

    def proposed(self) -> "DatasetMergeQuerySet":
        return self.filter(state=DatasetMerge.State.PROPOSED)


class DatasetMerge(models.Model):
    """`gone` and `kept` are one dataset: proposed, done, declined or undone. The row of `gone` is never deleted."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        DONE = "done", "Merged"
        DECLINED = "declined", "Declined"
        UNDONE = "undone", "Undone"

    class Reason(models.TextChoices):
        SYMLINK = "symlink", "An event says both are one"
        SPELLING = "spelling", "The names differ in their spelling only"
        DECLARED = "declared", "A port or its contract names this place"
        BY_HAND = "by_hand", "A person says so"

    kept = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="merged_from")
    gone = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="merged_into")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    note = models.TextField(blank=True)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    moved = models.JSONField(default=dict, blank=True)  # what the merge changed, to change it back

    objects = DatasetMergeQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gone"], condition=models.Q(state="done"), name="dataset_merged_once"
            ),
            models.UniqueConstraint(
                fields=["kept", "gone"],
                condition=models.Q(state="proposed"),
                name="dataset_merge_proposed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}: {self.state}"


class DeclaredName(models.Model):
    """A name by which an event may call what a port offers, from its location or its contract's servers."""

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="declared_names")
    namespace = models.CharField(max_length=400)
    name = models.CharField(max_length=400)
    match_key = models.CharField(max_length=64, db_index=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["port", "namespace", "name"], name="declared_name_once")
        ]

    def __str__(self) -> str:
        return f"{self.port_id}: {self.namespace} {self.name}"
