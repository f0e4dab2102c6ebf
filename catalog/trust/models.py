"""Trust at a glance: one read row per port and per product, refreshed by signals, read by lists, search and API."""

from django.db import models

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
