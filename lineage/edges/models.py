"""Whose word about a dataset its owners do not believe."""

from django.conf import settings
from django.db import models

from catalog.assets.models import Asset


class SenderRejectionQuerySet(models.QuerySet["SenderRejection"]):
    def in_force(self) -> "SenderRejectionQuerySet":
        return self.filter(ended_at=None)


class SenderRejection(models.Model):
    """What `sender` tells of `asset` is not believed, from `made_at` until somebody takes it back. Never deleted."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="sender_rejections")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.TextField(max_length=1_000)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    edges_ended = models.JSONField(default=list, blank=True)  # primary keys, to let them begin again
    columns_ended = models.JSONField(default=list, blank=True)

    objects = SenderRejectionQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "sender"], condition=models.Q(ended_at=None), name="sender_rejected_once"
            )
        ]
        indexes = [models.Index(fields=["sender"], condition=models.Q(ended_at=None), name="sender_rejected")]

    def __str__(self) -> str:
        return f"{self.sender_id} about {self.asset_id}"
