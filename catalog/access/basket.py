"""The basket: ports somebody collects, to ask for all of them in one form. Kept per person, on the server."""

from django.db import models

from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.products.models import OutputPort


class BasketItemQuerySet(models.QuerySet["BasketItem"]):
    def visible_to(self, user: User) -> "BasketItemQuerySet":
        """One's own, as far as one may still see the ports."""
        return self.filter(user=user, port__in=OutputPort.objects.visible_to(user).values("pk"))


class BasketItem(TimestampedModel):
    """One port in one person's basket."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="basket")
    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="+")

    objects = BasketItemQuerySet.as_manager()

    class Meta:
        verbose_name = "port in a basket"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "port"], name="in_a_basket_once")]

    def __str__(self) -> str:
        return str(self.port)
