"""Quality scores of ports over time; checks join them later."""

from django.db import models

from catalog.products.models import OutputPort


class QualityScore(models.Model):
    """The score a crawl led to: 0-100, or None below two measured dimensions. `dimensions` explains every point."""

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="quality_scores")
    scored_at = models.DateTimeField()
    value = models.FloatField(null=True, blank=True)
    formula = models.CharField(max_length=10)  # version of the formula, see `score`
    documentation = models.FloatField()  # 0..1, a separate figure, not part of the score
    dimensions = models.JSONField()  # [{"name", "value" 0..1 or null, "weight", "explanation"}]

    class Meta:
        ordering = ["-scored_at"]
        get_latest_by = "scored_at"
        constraints = [models.UniqueConstraint(fields=["port", "scored_at"], name="score_unique")]

    def __str__(self) -> str:
        return f"{self.port}: {self.value}"
