"""What happened (AuditEvent), what others are told of it (OutboxEvent), and what the index has to read (ChangeMark)."""

from typing import Any, NoReturn
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about(self, kind: str, object_id: int) -> "AuditEventQuerySet":
        return self.filter(object_kind=kind, object_id=object_id)

    def of_product(self, product_id: int) -> "AuditEventQuerySet":
        """Events of the product itself and of everything that belongs to it."""
        return self.filter(product_id=product_id)

    def update(self, **_: Any) -> NoReturn:
        raise TypeError("Audit events are append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("Audit events are append-only.")


class AuditEvent(models.Model):
    """Who did what to which object, when. Written by services in the transaction of the change; never altered.

    `verb` is `<object>.<past participle>` (`product.published`); `changes` maps a field to `[before, after]`.
    `position` and `digest` are its place in the chain, given shortly after the commit (`catalog.audit.chain`).
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=200)  # as it was then; "portal" for the portal itself
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    object_name = models.CharField(max_length=300)
    product_id = models.BigIntegerField(null=True, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    actor_number = models.BigIntegerField(null=True, blank=True)  # of the actor, also when they are gone
    position = models.BigIntegerField(null=True, blank=True, unique=True)
    digest = models.CharField(max_length=64, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["object_kind", "object_id", "-at"], name="audit_object"),
            models.Index(fields=["product_id", "-at"], name="audit_product"),
            models.Index(fields=["id"], condition=Q(position=None), name="audit_unsealed"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.object_name}"


class ReadMark(models.Model):
    """That somebody read something on a day, so that the trail says it once; it goes after some days."""

    person = models.BigIntegerField()
    what = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    day = models.DateField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "what", "object_id", "day"], name="read_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.person} read {self.what} {self.object_id} on {self.day}"


class OutboxEvent(models.Model):
    """Something others are told of: by the feed and by webhooks. Written in the transaction of what happened.

    `position` is its place in the feed, given after the commit (`catalog.audit.outbox`); empty until then. Whoever may
    see the agreement, or without one the product, or is the recipient, may read it: asked when it is read, because
    rights change.
    """

    event_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    position = models.BigIntegerField(null=True, blank=True, unique=True)
    type = models.CharField(max_length=60)
    subject = models.CharField(max_length=300)
    at = models.DateTimeField()
    data = models.JSONField(default=dict, blank=True)
    product_id = models.BigIntegerField(null=True, blank=True)
    port_id = models.BigIntegerField(null=True, blank=True)
    agreement_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        indexes = [
            models.Index(fields=["id"], condition=Q(position=None), name="outbox_waiting"),
            models.Index(fields=["product_id", "position"], name="outbox_product"),
            models.Index(fields=["at"], name="outbox_at"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class Numbering(models.Model):
    """How far a numbering is: the position given last, and in a chain its digest. Locked by whoever goes on."""

    class Name(models.TextChoices):
        OUTBOX = "outbox", "Events of the feed"
        AUDIT = "audit", "The audit trail"
        AUDIT_PRUNED = "audit_pruned", "The audit trail, deleted by its retention rule"

    name = models.CharField(max_length=20, choices=Name.choices, primary_key=True)
    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.position}"


class ChangeMark(models.Model):
    """Outbox: an indexed object changed; written in the transaction of the change, drained by one worker.

    The mark says only *that* something changed: the drain reads the database, so order and repetition are harmless.
    """

    class Kind(models.TextChoices):
        PRODUCT = "product"
        PORT = "port"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    object_id = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
