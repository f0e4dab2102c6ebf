"""Terms of the business in its own words, a domain's or the mesh's, and where the data they mean is."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from catalog.accounts import kernel
from catalog.accounts.models import Role, Team, User
from catalog.common.models import TimestampedModel
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, OutputPort

KEEPERS = (Role.DOMAIN_ADMIN, Role.STEWARD)  # in the team of a domain: they keep its terms
MOST_SYNONYMS, LONGEST_NAME = 30, 120
BETWEEN = "\n"  # stands around every name in `folded_names`; no name holds it


def folded(name: str) -> str:
    """A name without capitals, widths and superfluous blanks: what two spellings of one name share."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def kept_teams(user: Any) -> frozenset[int]:
    """The teams whose domains' terms `user` keeps."""
    held = kernel.standing(user).teams_by_role
    return frozenset().union(*(held.get(role, frozenset()) for role in KEEPERS))


def validate_synonyms(value: Any) -> None:
    """A list of at most MOST_SYNONYMS short names."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ValidationError("Synonyms are a list of names.", "synonyms")
    if len(value) > MOST_SYNONYMS:
        raise ValidationError(f"A term has at most {MOST_SYNONYMS} synonyms.", "too_many")
    if any(len(item) > LONGEST_NAME for item in value):
        raise ValidationError(f"A synonym has at most {LONGEST_NAME} characters.", "too_long")


class GlossaryTermQuerySet(models.QuerySet["GlossaryTerm"]):
    def visible_to(self, user: Any) -> "GlossaryTermQuerySet":
        """What is agreed for every member of the mesh; drafts for those who may edit them."""
        who = kernel.standing(user)
        if who.sees_everything:
            return self
        if not who.is_member:
            return self.none()
        mine = Q(domain__team_id__in=kept_teams(user)) | Q(steward_id=who.user_id)
        return self.filter(~Q(state=GlossaryTerm.State.DRAFT) | mine)

    def published(self) -> "GlossaryTermQuerySet":
        """Approved and deprecated ones: drafts are nobody's word yet."""
        return self.exclude(state=GlossaryTerm.State.DRAFT)

    def named(self, names: Iterable[str]) -> "GlossaryTermQuerySet":
        """Terms one of whose names (name, abbreviation, synonyms) is exactly one of `names`, whatever its capitals."""
        wanted = {name for name in map(folded, names) if name}
        if not wanted:
            return self.none()
        found = Q()
        for name in sorted(wanted):
            found |= Q(folded_names__contains=f"{BETWEEN}{name}{BETWEEN}")
        return self.filter(found)


class GlossaryTerm(TimestampedModel):
    """What a word means here. With a domain it is that domain's own, without one the whole mesh's.

    Its name is unique where it holds; its address `slug` is unique in the mesh and stays when it is renamed.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        DEPRECATED = "deprecated", "Deprecated"

    name = models.CharField(max_length=LONGEST_NAME)
    slug = models.SlugField(max_length=LONGEST_NAME, unique=True, allow_unicode=True)
    definition = models.TextField(blank=True, max_length=20_000)  # Markdown
    abbreviation = models.CharField(max_length=40, blank=True)
    synonyms = models.JSONField(default=list, blank=True, validators=[validate_synonyms])
    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.PROTECT, related_name="terms"
    )  # None: the mesh's
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="terms")
    steward = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="terms")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="predecessors"
    )
    related = models.ManyToManyField("self", blank=True)
    revision = models.PositiveIntegerField(default=1)
    folded_name = models.CharField(max_length=4 * LONGEST_NAME, editable=False)
    folded_names = models.TextField(editable=False)  # every name, each between two BETWEEN

    objects = GlossaryTermQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["updated_at", "folded_name", "folded_names"])

    class Meta:
        ordering = ["folded_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["folded_name"], condition=Q(domain=None), name="term_name_in_the_mesh"
            ),
            models.UniqueConstraint(
                fields=["domain", "folded_name"],
                condition=Q(domain__isnull=False),
                name="term_name_in_a_domain",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded_name = folded(self.name)
        names = dict.fromkeys(folded(name) for name in self.names)
        self.folded_names = BETWEEN.join(["", *names, ""])
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("glossary:term", args=[self.slug])

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by, its own first."""
        return tuple(name for name in (self.name, self.abbreviation, *self.synonyms) if name)

    @property
    def is_published(self) -> bool:
        return self.state != self.State.DRAFT


class TermLinkQuerySet(models.QuerySet["TermLink"]):
    def visible_to(self, user: Any) -> "TermLinkQuerySet":
        """Links of the products `user` may know of, to terms they may read."""
        terms = GlossaryTerm.objects.visible_to(user).values("pk")
        return self.filter(kernel.audience_filter(user, prefix="product__"), term__in=terms)


class TermLink(models.Model):
    """A term means what a product, one of its ports, or one column of a port holds.

    `path` is the column's, as in its schema; without `port` the link is about the product as a whole.
    """

    term = models.ForeignKey(GlossaryTerm, on_delete=models.CASCADE, related_name="links")
    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="term_links")
    port = models.ForeignKey(
        OutputPort, null=True, blank=True, on_delete=models.CASCADE, related_name="term_links"
    )
    path = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TermLinkQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["term", "product"], condition=Q(port=None), name="term_of_a_product"
            ),
            models.UniqueConstraint(
                fields=["term", "port", "path"], condition=Q(port__isnull=False), name="term_of_a_port"
            ),
            models.CheckConstraint(
                condition=Q(path="") | Q(port__isnull=False), name="term_of_a_column_names_its_port"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} on {self.place}"

    @property
    def place(self) -> str:
        """What it is on, in words; the port must be loaded."""
        if self.port is None:
            return "the whole product"
        return f"{self.port}: {self.path}" if self.path else str(self.port)
