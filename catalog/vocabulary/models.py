"""The shared words of the mesh: tags, classifications, and the purposes data may be used for."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.models import TimestampedModel


class TagQuerySet(models.QuerySet["Tag"]):
    def visible_to(self, user: User | AnonymousUser) -> "TagQuerySet":
        """Tags of products `user` may know of; those who keep the vocabulary see the unused ones too.

        A tag can name what a private product is about, so it is seen only where the product is.
        """
        who = kernel.standing(user)
        if who.sees_everything:
            return self
        used = Tag.objects.filter(kernel.audience_filter(user, prefix="products__"), products__isnull=False)
        return self.filter(pk__in=used.values("pk"))


class ClassificationQuerySet(models.QuerySet["Classification"]):
    def visible_to(self, user: User | AnonymousUser) -> "ClassificationQuerySet":
        """The mesh's own words: for every member."""
        return self if kernel.standing(user).is_member else self.none()


class PurposeQuerySet(models.QuerySet["Purpose"]):
    def visible_to(self, user: User | AnonymousUser) -> "PurposeQuerySet":
        """The mesh's own words: for every member."""
        return self if kernel.standing(user).is_member else self.none()

    def offered(self) -> "PurposeQuerySet":
        """Those a new request may name."""
        return self.filter(is_offered=True)


class Tag(TimestampedModel):
    """A free label people search by."""

    name = models.CharField(max_length=80)
    folded_name = models.CharField(max_length=160, unique=True, editable=False)  # the name without capitals
    slug = models.SlugField(max_length=80, unique=True, allow_unicode=True)

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded_name = self.name.casefold()
        super().save(*args, **kwargs)


class Classification(TimestampedModel):
    """How sensitive data is; `rank` orders them, `is_personal` forbids storing sample values of it."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True, allow_unicode=True)
    rank = models.PositiveSmallIntegerField(default=0)
    is_personal = models.BooleanField(default=False)
    description = models.TextField(blank=True)

    objects = ClassificationQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "name"]

    def __str__(self) -> str:
        return self.name


class Purpose(TimestampedModel):
    """What data may be used for, as the governance group words it, and the law that allows it (GDPR, article 6).

    One that is not offered any more stays on the requests that named it.
    """

    class LegalBasis(models.TextChoices):
        NONE = "none", "No personal data"
        CONSENT = "consent", "Consent"
        CONTRACT = "contract", "Performance of a contract"
        LEGAL_OBLIGATION = "legal_obligation", "Legal obligation"
        VITAL_INTERESTS = "vital_interests", "Vital interests"
        PUBLIC_TASK = "public_task", "Task in the public interest"
        LEGITIMATE_INTERESTS = "legitimate_interests", "Legitimate interests"

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True, allow_unicode=True)
    description = models.TextField(blank=True)
    legal_basis = models.CharField(max_length=20, choices=LegalBasis.choices, default=LegalBasis.NONE)
    is_offered = models.BooleanField(default=True)

    objects = PurposeQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
