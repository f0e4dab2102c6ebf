"""What happened (AuditEvent) and what still has to be told to readers of the database (ChangeMark)."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models


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

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["object_kind", "object_id", "-at"], name="audit_object"),
            models.Index(fields=["product_id", "-at"], name="audit_product"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.verb} {self.object_name}"


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
