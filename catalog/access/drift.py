"""What the stores say that nobody agreed: readers granted outside the portal, as last looked at."""

from django.db import models

from catalog.access.seen import products_edited
from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.products.models import OutputPort


class StoreLook(models.Model):
    """When the store of a port was last asked who reads it. `note`: why it could not be, "" where it was."""

    port = models.OneToOneField(OutputPort, on_delete=models.CASCADE, related_name="store_look")
    tried_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "look at a store"

    def __str__(self) -> str:
        return f"{self.port} at {self.tried_at:%Y-%m-%d %H:%M}"


class OutsideReaderQuerySet(models.QuerySet["OutsideReader"]):
    def visible_to(self, user: User) -> "OutsideReaderQuerySet":
        """Those of ports whose product one may edit; governance and platform admins all."""
        if kernel.standing(user).sees_everything:
            return self
        return self.filter(products_edited(user, "port__product__"))


class OutsideReader(models.Model):
    """A role of the store that can read a port without an agreement. It goes when it is no longer seen."""

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="outside_readers")
    name = models.CharField(max_length=300)
    words = models.CharField(max_length=800)  # how it reads, in a sentence
    found_at = models.DateTimeField()

    objects = OutsideReaderQuerySet.as_manager()

    class Meta:
        ordering = ["port", "name"]
        constraints = [models.UniqueConstraint(fields=["port", "name"], name="outside_reader_once")]

    def __str__(self) -> str:
        return f"{self.name} on {self.port}"
