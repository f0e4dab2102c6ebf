"""Incidents of products and ports, their timelines, whom they reach, and which products show their status to all."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.urls import reverse

from catalog.accounts.kernel import audience_filter
from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.incidents import severity as severities
from catalog.incidents import transitions
from catalog.products.models import DataProduct, OutputPort
from catalog.quality.models import QualityCheck
from catalog.slos.models import ServiceLevelObjective


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: User) -> "IncidentQuerySet":
        """Incidents of the products `user` may know of."""
        return self.filter(audience_filter(user, prefix="product__"))

    def unresolved(self) -> "IncidentQuerySet":
        return self.filter(status__in=transitions.UNRESOLVED)


class Incident(TimestampedModel):
    """Something is wrong with a port (or, where a person said so, with a whole product), from `opened_at` on.

    `key` names the trouble: of one trouble that goes on there is one incident. A person may resolve what still goes
    on; nothing opens for that trouble again before it has ended (`cause_ended_at`) and come back.
    """

    class Status(models.TextChoices):
        OPEN = transitions.Status.OPEN.value, "Open"
        ACKNOWLEDGED = transitions.Status.ACKNOWLEDGED.value, "Acknowledged"
        RESOLVED = transitions.Status.RESOLVED.value, "Resolved"

    class Cause(models.TextChoices):
        SLO = transitions.Cause.SLO.value, "Missed objective"
        DRIFT = transitions.Cause.DRIFT.value, "Schema drift"
        CHECK = transitions.Cause.CHECK.value, "Failing check"
        UNREACHABLE = transitions.Cause.UNREACHABLE.value, "Unreachable"
        REPORTED = transitions.Cause.REPORTED.value, "Reported by a person"

    class Severity(models.TextChoices):
        LOW = severities.Severity.LOW.value, "Low"
        MEDIUM = severities.Severity.MEDIUM.value, "Medium"
        HIGH = severities.Severity.HIGH.value, "High"
        CRITICAL = severities.Severity.CRITICAL.value, "Critical"

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="incidents")
    port = models.ForeignKey(
        OutputPort, null=True, blank=True, on_delete=models.CASCADE, related_name="incidents"
    )  # None: the whole product
    slo = models.ForeignKey(
        ServiceLevelObjective, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    quality_check = models.ForeignKey(
        QualityCheck, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    cause = models.CharField(max_length=12, choices=Cause.choices)
    key = models.CharField(max_length=120)  # "port:7:slo:12"
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)  # what is known of the trouble now, in a sentence or two
    columns = models.JSONField(
        default=list, blank=True
    )  # paths of the fields it is about; empty: the whole port
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MEDIUM)
    severity_rank = models.PositiveSmallIntegerField(default=1)  # to sort by
    is_rated = models.BooleanField(default=False)  # a person set the severity: the portal leaves it alone
    consumers = models.PositiveIntegerField(default=0)  # hit by it, when it was last counted
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # None: the portal itself
    last_seen_at = models.DateTimeField()  # the trouble itself
    occurrences = models.PositiveIntegerField(default=1)  # how often it was seen
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    is_resolved_by_portal = models.BooleanField(default=False)  # because the cause ended
    cause_ended_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)  # what was learned, written afterwards
    revision = models.PositiveIntegerField(default=1)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(cause_ended_at=None), name="incident_once"
            )
        ]
        indexes = [
            models.Index(fields=["product", "status", "-opened_at"], name="incident_of_product"),
            models.Index(fields=["status", "-opened_at"], name="incident_status"),
            models.Index(fields=["key", "-opened_at"], name="incident_key"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("incidents:detail", args=[self.pk])

    @property
    def is_unresolved(self) -> bool:
        return self.status in transitions.UNRESOLVED


class IncidentEventQuerySet(models.QuerySet["IncidentEvent"]):
    def update(self, **_: Any) -> NoReturn:
        raise TypeError("The timeline of an incident is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The timeline of an incident is append-only.")


class IncidentEvent(models.Model):
    """One entry of an incident's timeline; never altered, gone only with the incident itself."""

    class Kind(models.TextChoices):
        OPENED = transitions.Happening.OPENED.value, "Opened"
        RECURRED = transitions.Happening.RECURRED.value, "Seen again"
        REOPENED = transitions.Happening.REOPENED.value, "Opened again"
        ACKNOWLEDGED = transitions.Happening.ACKNOWLEDGED.value, "Acknowledged"
        ASSIGNED = transitions.Happening.ASSIGNED.value, "Assigned"
        COMMENTED = transitions.Happening.COMMENTED.value, "Commented"
        RATED = transitions.Happening.RATED.value, "Severity set"
        RESOLVED = transitions.Happening.RESOLVED.value, "Resolved"
        NOTED = transitions.Happening.NOTED.value, "Post-incident note"
        ENDED = transitions.Happening.ENDED.value, "The cause ended"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=200)  # as it was then; "portal" for the portal itself
    text = models.TextField(blank=True)

    objects = IncidentEventQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["incident", "at"], name="incident_timeline")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.kind}"


class IncidentReach(models.Model):
    """A product an incident reaches: its own (no steps), or one made from it, `steps` products further down.

    Written when the incident opens and counted anew while it goes on, so that a page asks one row instead of a graph.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="reach", db_index=False)
    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="reached_by")
    steps = models.PositiveSmallIntegerField()
    path = models.JSONField(
        default=list, blank=True
    )  # ids of the products between the two, from the top down

    class Meta:
        ordering = ["steps", "pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "product"], name="incident_reach_once")]

    def __str__(self) -> str:
        return f"{self.incident_id} reaches {self.product_id} in {self.steps}"


class PublicStatus(TimestampedModel):
    """A product whose status page anybody may read, where the platform allows that (MESHPORTAL_PUBLIC_STATUS)."""

    product = models.OneToOneField(DataProduct, on_delete=models.CASCADE, related_name="public_status")

    def __str__(self) -> str:
        return f"status of {self.product}"
