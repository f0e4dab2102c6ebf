"""The conversation at a product: questions with answers, what they said before they were edited, announcements."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalog.access.seen import products_edited
from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.incidents.models import Incident
from catalog.products.models import DataProduct, OutputPort

MOST_TITLE, MOST_TEXT = 200, 10_000


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: User) -> "QuestionQuerySet":
        """Whoever sees the product; what was taken away, its author and those who may edit the product."""
        products = DataProduct.objects.visible_to(user).values("pk")
        shown = Q(removed_at=None) | Q(author=user) | products_edited(user, "product__")
        return self.filter(shown, product__in=products)

    def shown(self) -> "QuestionQuerySet":
        """Those that were not taken away."""
        return self.filter(removed_at=None)

    def open(self) -> "QuestionQuerySet":
        """Those that still wait for an accepted answer."""
        return self.shown().filter(accepted=None, closed_at=None)


class Words(TimestampedModel):
    """What a question and an answer share: who wrote it, whether it was edited or taken away."""

    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(blank=True, max_length=MOST_TEXT)  # Markdown
    edited_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    removed_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class Question(Words):
    """Something somebody wants to know of a product, or a problem they tell its owners of."""

    class Kind(models.TextChoices):
        QUESTION = "question", "Question"
        PROBLEM = "problem", "Problem"

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="questions")
    port = models.ForeignKey(
        OutputPort, null=True, blank=True, on_delete=models.SET_NULL, related_name="questions"
    )
    column = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.QUESTION)
    title = models.CharField(max_length=MOST_TITLE)
    accepted = models.ForeignKey("Answer", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    documented_at = models.DateTimeField(null=True, blank=True)  # its answer went into the documentation
    closed_at = models.DateTimeField(null=True, blank=True)  # done without an accepted answer
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["product", "-id"], name="questions_of_product")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("discussions:question", args=[self.pk])

    @property
    def state(self) -> str:
        """`open`, `answered`, `closed` or `removed`."""
        if self.removed_at is not None:
            return "removed"
        if self.accepted_id is not None:
            return "answered"
        return "closed" if self.closed_at is not None else "open"


class Answer(Words):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class EarlierWords(models.Model):
    """What a question or an answer said before it was edited."""

    question = models.ForeignKey(
        Question, null=True, blank=True, on_delete=models.CASCADE, related_name="earlier"
    )
    answer = models.ForeignKey(
        Answer, null=True, blank=True, on_delete=models.CASCADE, related_name="earlier"
    )
    title = models.CharField(max_length=MOST_TITLE, blank=True)
    text = models.TextField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["-replaced_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="earlier_words_of_one",
                condition=Q(question__isnull=False, answer=None) | Q(question=None, answer__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def visible_to(self, user: User) -> "AnnouncementQuerySet":
        return self.filter(product__in=DataProduct.objects.visible_to(user).values("pk"))

    def current(self, today: dt.date) -> "AnnouncementQuerySet":
        """Those whose last day has not passed and that were not ended."""
        return self.filter(ended_at=None, ends_on__gte=today)


class Announcement(TimestampedModel):
    """What the owners tell everybody who looks at the product, until a day."""

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="announcements")
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=MOST_TITLE)
    text = models.TextField(blank=True, max_length=MOST_TEXT)  # Markdown
    ends_on = models.DateField()  # the last day
    ended_at = models.DateTimeField(null=True, blank=True)  # before that day

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["product", "ends_on"], name="announcements_of_product")]

    def __str__(self) -> str:
        return self.title
