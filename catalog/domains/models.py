"""Domains: the business areas that own data products, as a tree."""

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator
from django.db import models
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.common.models import TimestampedModel

HUES = 12  # places in the palette of the map and the thin bar


class DomainQuerySet(MP_NodeQuerySet):  # type: ignore[misc]  # untyped base
    def visible_to(self, user: User | AnonymousUser) -> "DomainQuerySet":
        """Every domain for members of the mesh; for others only those of products they are in charge of."""
        who = kernel.standing(user)
        if who.is_member:
            return self
        charged = Domain.objects.filter(products__stewardships__user_id=who.user_id or 0)
        return self.filter(pk__in=charged.values("pk"))  # type: ignore[no-any-return]

    def within(self, domain: "Domain") -> "DomainQuerySet":
        """The domain and everything below it."""
        return self.filter(path__startswith=domain.path)  # type: ignore[no-any-return]


class DomainManager(MP_NodeManager):  # type: ignore[misc]  # untyped base
    def get_queryset(self) -> DomainQuerySet:
        return DomainQuerySet(self.model, using=self._db).order_by("path")  # type: ignore[no-any-return]

    def visible_to(self, user: User | AnonymousUser) -> DomainQuerySet:
        return self.get_queryset().visible_to(user)

    def within(self, domain: "Domain") -> DomainQuerySet:
        return self.get_queryset().within(domain)


class Domain(MP_Node, TimestampedModel):  # type: ignore[misc]  # untyped base
    """A business area. Its team is accountable for what is published in it; slugs are unique in the mesh."""

    class Kind(models.TextChoices):
        SOURCE_ALIGNED = "source_aligned", "Source-aligned"
        AGGREGATE = "aggregate", "Aggregate"
        CONSUMER_ALIGNED = "consumer_aligned", "Consumer-aligned"

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.SOURCE_ALIGNED)
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="domains")
    hue = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(HUES - 1)])
    revision = models.PositiveIntegerField(default=1)  # grows with every edit; the ETag of two editors

    objects = DomainManager()

    def __str__(self) -> str:
        return self.name
