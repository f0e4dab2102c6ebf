"""What impact keeps: that edges changed, and classifications proposed for columns made from classified ones."""

from django.conf import settings
from django.db import models

from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Classification
from lineage.impact.permissions import editable_products


class GraphChange(models.Model):
    """Some edges began or ended. Appended in the transaction that changed them, so writers never wait for each other;
    what a snapshot was made of is told by the newest of these. Old ones are thinned out."""

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"change {self.pk} at {self.at:%Y-%m-%d %H:%M:%S}"


class ClassificationProposalQuerySet(models.QuerySet["ClassificationProposal"]):
    def visible_to(self, user: User) -> "ClassificationProposalQuerySet":
        """Proposals about data of products `user` may edit: owners decide, nobody else is asked."""
        ports = OutputPort.objects.filter(product__in=editable_products(user)).exclude(asset=None)
        return self.filter(column__asset__in=ports.values("asset"))

    def waiting(self) -> "ClassificationProposalQuerySet":
        return self.filter(state=ClassificationProposal.State.PROPOSED)


class ClassificationProposal(TimestampedModel):
    """`column` is made from `because`, which is classified: its owners are asked whether it is, too.

    `basis` tells one reason from another: a dismissed proposal comes back only when its basis is no longer the same.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "To be decided"
        ACCEPTED = "accepted", "Accepted"
        DISMISSED = "dismissed", "Dismissed"
        LAPSED = "lapsed", "No longer the case"

    column = models.ForeignKey("lineage.Column", on_delete=models.CASCADE, related_name="proposals")
    classification = models.ForeignKey(
        Classification, on_delete=models.CASCADE, related_name="lineage_proposals"
    )
    because = models.ForeignKey("lineage.Column", on_delete=models.CASCADE, related_name="+")
    steps = models.PositiveSmallIntegerField()  # from `because` down to `column`
    basis = models.CharField(max_length=64)  # SHA-256 of the classified columns it is made from
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    note = models.TextField(max_length=2_000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ClassificationProposalQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["column", "classification"], name="proposal_of_column_once")
        ]
        indexes = [models.Index(fields=["state", "column"], name="proposal_state")]

    def __str__(self) -> str:
        return f"{self.classification} for {self.column}"
