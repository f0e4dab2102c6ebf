"""What every feature's models share."""

from django.db import models


class TimestampedModel(models.Model):
    """Rows that know when they were made and last written (UTC)."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class OldAddress(models.Model):
    """An address something had before it was renamed or moved; pages redirect from it.

    `address` is the path below the kind's list: `listening/play-events` for a product, `listening` for a domain.
    """

    class Kind(models.TextChoices):
        PRODUCT = "product"
        DOMAIN = "domain"
        TEAM = "team"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    address = models.CharField(max_length=255)
    target_id = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "address"], name="old_address_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"
