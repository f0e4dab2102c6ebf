"""Trust at a glance: one read row per port and per product, refreshed by signals, read by lists, search, map and API;
and the certifications that stewards give."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone

from catalog.accounts.kernel import audience_filter
from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.products.models import DataProduct, OutputPort


class TrustMarks(models.Model):
    """The marks of the trust strip. States are judged when read (a mark ages), so times are kept, not colours."""

    quality = models.FloatField(null=True, blank=True)  # 0-100; None: not measured
    quality_at = models.DateTimeField(null=True, blank=True)
    documentation = models.FloatField(null=True, blank=True)  # 0..1
    fresh_at = models.DateTimeField(null=True, blank=True)  # time of the newest data
    freshness_promise = models.DurationField(null=True, blank=True)
    is_reachable = models.BooleanField(null=True)
    measured_at = models.DateTimeField(null=True, blank=True)  # last reading
    valid_until = models.DateTimeField(null=True, blank=True)  # until when the reading counts as fresh
    slo_status = models.CharField(
        max_length=10, blank=True, default="", db_default=""
    )  # worst of its objectives; "": nothing is promised
    slo_budget = models.FloatField(null=True, blank=True)  # least budget left among those
    slo_measured_at = models.DateTimeField(null=True, blank=True)
    slo_valid_until = models.DateTimeField(null=True, blank=True)
    contract_status = models.CharField(
        max_length=10, blank=True, default="", db_default=""
    )  # kept, drifted, unknown; "": no contract is in force. As old as the last reading
    certified_at = models.DateTimeField(null=True, blank=True)
    certified_until = models.DateTimeField(null=True, blank=True)  # ends by itself: judged when read
    has_owner = models.BooleanField(default=False)
    refreshed_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class PortTrust(TrustMarks):
    port = models.OneToOneField(OutputPort, on_delete=models.CASCADE, related_name="trust")

    def __str__(self) -> str:
        return f"trust of {self.port}"


class ProductTrust(TrustMarks):
    """The weakest of its ports for each mark; times are those of that port."""

    product = models.OneToOneField(DataProduct, on_delete=models.CASCADE, related_name="trust")

    def __str__(self) -> str:
        return f"trust of {self.product}"


class CertificationQuerySet(models.QuerySet["Certification"]):
    def visible_to(self, user: User) -> "CertificationQuerySet":
        """Certifications of the products `user` may know of."""
        return self.filter(audience_filter(user, prefix="product__"))

    def in_force(self, now: dt.datetime) -> "CertificationQuerySet":
        """Given, not withdrawn, not run out."""
        return self.filter(withdrawn_at=None, expires_at__gt=now)

    def ending_within(self, now: dt.datetime, days: int) -> "CertificationQuerySet":
        """Those in force now that run out by themselves within so many days."""
        return self.in_force(now).filter(expires_at__lte=now + dt.timedelta(days=days))


class Certification(TimestampedModel):
    """A steward's word that a product (or one port of it) may be relied on, with a reason and an end.

    It runs out by itself: nothing is written then. A new one replaces the one before, which is kept as withdrawn at
    that time. `port` None: the product as a whole, with the ports it had when it was certified.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="certifications")
    port = models.ForeignKey(
        OutputPort, null=True, blank=True, on_delete=models.CASCADE, related_name="certifications"
    )
    reason = models.TextField(max_length=2_000)
    certified_at = models.DateTimeField()
    certified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField()  # it counts until just before
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    withdrawn_reason = models.TextField(max_length=2_000, blank=True)
    replaced_by = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces"
    )

    objects = CertificationQuerySet.as_manager()

    class Meta:
        ordering = ["-certified_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("certified_at")), name="certification_has_length"
            ),
            models.UniqueConstraint(
                fields=["product"],
                condition=models.Q(port=None, withdrawn_at=None),
                name="certification_of_product",
            ),
            models.UniqueConstraint(
                fields=["port"], condition=models.Q(withdrawn_at=None), name="certification_of_port"
            ),
        ]
        indexes = [models.Index(fields=["withdrawn_at", "expires_at"], name="certification_end")]

    def __str__(self) -> str:
        return f"Certification of {self.port or self.product}"

    def standing(self, now: dt.datetime) -> str:
        """`in_force`, `expired`, `withdrawn` or `replaced` as of `now`."""
        if self.withdrawn_at is not None and self.withdrawn_at < self.expires_at:
            return "replaced" if self.replaced_by_id else "withdrawn"
        return "in_force" if now < self.expires_at else "expired"

    @property
    def last_day(self) -> dt.date:
        """The last day it counts, where the portal is."""
        return timezone.localtime(self.expires_at - dt.timedelta(microseconds=1)).date()
