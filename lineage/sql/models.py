"""What became of the SQL of views: one row per wording that was read, so that none is read twice."""

from django.contrib.auth.models import AnonymousUser
from django.db import models

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset, ViewDefinition


class ReadDefinitionQuerySet(models.QuerySet["ReadDefinition"]):
    def visible_to(self, user: User | AnonymousUser) -> "ReadDefinitionQuerySet":
        """SQL says how a store is built: the people of the store's team see it, and those who see everything."""
        who = kernel.standing(user)
        return self if who.sees_everything else self.filter(asset__connection__team_id__in=who.team_ids)


class ReadDefinition(models.Model):
    """One wording of a view as it was read: fully, in part, or not at all, and why."""

    class Outcome(models.TextChoices):
        READ = "read", "Understood"
        PARTLY = "partly", "Understood in part"
        FAILED = "failed", "Not understood"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    definition = models.OneToOneField(ViewDefinition, on_delete=models.CASCADE, related_name="+")
    job = models.ForeignKey("lineage.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    problems = models.JSONField(default=list, blank=True)  # sentences
    tables = models.PositiveIntegerField(default=0)  # it reads
    links = models.PositiveIntegerField(default=0)  # of columns
    read_at = models.DateTimeField()
    newest_schema = models.BigIntegerField(default=0)  # primary key of the newest schema it was read with

    objects = ReadDefinitionQuerySet.as_manager()

    class Meta:
        ordering = ["asset__namespace", "asset__name"]
        indexes = [models.Index(fields=["outcome", "asset"], name="definition_outcome")]

    def __str__(self) -> str:
        return f"{self.definition}: {self.outcome}"
