"""Projects of dbt, their nodes, and the imports that brought them: the row is the job."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.assets.models import Asset
from catalog.connections.models import Connection


class DbtProjectQuerySet(models.QuerySet["DbtProject"]):
    def visible_to(self, user: User | AnonymousUser) -> "DbtProjectQuerySet":
        """A project's nodes name tables: its team sees it, and those who see everything."""
        who = kernel.standing(user)
        return self if who.sees_everything else self.filter(team_id__in=who.team_ids)


class DbtProject(models.Model):
    """A project of dbt as a team runs it. Its nodes are named in `namespace`, its jobs in `job_namespace`."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    adapter = models.CharField(max_length=60, blank=True)
    dbt_version = models.CharField(max_length=60, blank=True)
    namespace = models.CharField(max_length=400)
    job_namespace = models.CharField(max_length=400)
    generated_at = models.DateTimeField(null=True, blank=True)  # of the newest manifest taken
    imported_at = models.DateTimeField()

    objects = DbtProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="dbt_project_identity")]

    def __str__(self) -> str:
        return self.name


class DbtNode(models.Model):
    """A model, source, seed, snapshot or exposure. One that is no longer in the manifest is marked, never deleted."""

    class Kind(models.TextChoices):
        MODEL = "model", "Model"
        SOURCE = "source", "Source"
        SEED = "seed", "Seed"
        SNAPSHOT = "snapshot", "Snapshot"
        EXPOSURE = "exposure", "Exposure"

    project = models.ForeignKey(DbtProject, on_delete=models.CASCADE, related_name="nodes")
    unique_id = models.CharField(max_length=400)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=300)
    asset = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    description = models.TextField(blank=True)
    facts = models.JSONField(
        default=dict, blank=True
    )  # group, version, contract, owner, columns, upstream, …
    problems = models.JSONField(default=list, blank=True)  # of its SQL, in sentences
    digest = models.CharField(max_length=64)  # of what the manifest says of it
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "name", "unique_id"]
        constraints = [models.UniqueConstraint(fields=["project", "unique_id"], name="dbt_node_identity")]

    def __str__(self) -> str:
        return self.unique_id


class DbtImportQuerySet(models.QuerySet["DbtImport"]):
    def visible_to(self, user: User | AnonymousUser) -> "DbtImportQuerySet":
        """Who asked for it sees it, the team it is for, and those who see everything."""
        who = kernel.standing(user)
        if who.sees_everything:
            return self
        if who.user_id is None:
            return self.none()
        return self.filter(models.Q(requested_by_id=who.user_id) | models.Q(team_id__in=who.team_ids))


class DbtImport(models.Model):
    """One import of a project's artifacts: queued with its files, read by a worker, kept with what came of it."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(
        DbtProject, null=True, blank=True, on_delete=models.SET_NULL, related_name="imports"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    namespace = models.CharField(max_length=400, blank=True)  # as asked for; "": the one known or found
    job_namespace = models.CharField(max_length=400, blank=True)
    files = models.JSONField(default=list, blank=True)  # [{"name", "bytes"}]
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    claim = models.CharField(max_length=36, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=60, blank=True)  # what it is at, in words
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    counts = models.JSONField(
        default=dict, blank=True
    )  # {"made", "changed", "same", "removed", "edges", "columns", "results"}
    problems = models.JSONField(default=list, blank=True)  # [{"path", "message"}]: what was not understood
    error = models.TextField(blank=True)
    remedy = models.TextField(blank=True)

    objects = DbtImportQuerySet.as_manager()

    class Meta:
        ordering = ["-queued_at", "-pk"]
        indexes = [models.Index(fields=["status", "queued_at"], name="dbt_import_waiting")]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.status in (self.Status.SUCCEEDED, self.Status.FAILED)


class DbtImportPiece(models.Model):
    """A piece of an uploaded file, compressed, until the import is done: any worker host finds it here."""

    job = models.ForeignKey(DbtImport, on_delete=models.CASCADE, related_name="pieces")
    file = models.PositiveSmallIntegerField()  # its place in `files`
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ["file", "number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "file", "number"], name="dbt_import_piece_number")
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.file} {self.number}"
