"""Who decides in whose place, and when."""

from django.db import models
from django.db.models import Q

from catalog.accounts.models import User
from catalog.common.models import TimestampedModel


class Delegation(TimestampedModel):
    """Somebody decides in somebody else's place for a while: they are away."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()  # the last day

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(user=models.F("delegate")), name="delegation_to_another"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")), name="delegation_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.user}"
