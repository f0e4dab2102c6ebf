"""Webhooks people make, and what was, or is still to be, delivered to them."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit.models import OutboxEvent
from catalog.common.models import TimestampedModel
from catalog.domains.models import Domain
from catalog.products.models import DataProduct
from catalog.products.permissions import OWNING_ROLES


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, user: User) -> "WebhookQuerySet":
        """One's own, and those of teams one holds an owning role in; platform admins those of every team."""
        who = kernel.standing(user)
        if who.user_id is None:
            return self.none()
        if who.is_platform_admin:
            return self.filter(Q(created_by=user) | Q(team__isnull=False))
        teams = frozenset().union(*(who.teams_by_role.get(role, frozenset()) for role in OWNING_ROLES))
        return self.filter(Q(created_by=user) | Q(team_id__in=teams))


class Webhook(TimestampedModel):
    """An address events are sent to. What its creator may see at the moment of sending is sent, nothing else.

    `cursor`: deliveries exist of all events up to this position of the feed. Secrets are encrypted at rest.
    """

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=1000)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="webhooks")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="webhooks")
    types = models.JSONField(default=list, blank=True)  # empty: all
    product = models.ForeignKey(
        DataProduct, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    domain = models.ForeignKey(Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    cursor = models.BigIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    switched_off_reason = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("notifications:webhook", args=[self.pk])


class WebhookDelivery(models.Model):
    """One event for one webhook. The row is the job; `key` says what it keeps its place behind (the product).

    `log` holds what became of each attempt: when, which answer, how long it took; no headers, no secrets.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "With a worker"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"
        WITHHELD = "withheld", "Not for its creator to see"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(  # none: a test
        OutboxEvent, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    position = models.BigIntegerField()  # of the event
    key = models.BigIntegerField(default=0)  # number of the product; 0: of none, TEST: a test
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    claim = models.CharField(max_length=36, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    log = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    TEST = -1

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["webhook", "event"], name="delivers_once")]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_log"),
            models.Index(fields=["webhook", "key", "state", "position"], name="delivery_open"),
            models.Index(fields=["state", "due_at"], name="delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.event or 'test'} to {self.webhook}"
