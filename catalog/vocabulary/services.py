"""All writes to tags, classifications and purposes."""

from collections.abc import Iterable
from typing import TypedDict, Unpack

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.slugs import make_slug
from catalog.common.validation import clean
from catalog.vocabulary.models import Classification, Purpose, Tag
from catalog.vocabulary.signals import classification_changed, tag_changed

TAG_LENGTH = 80
PURPOSE_FIELDS = ("name", "description", "legal_basis", "is_offered")
CLASSIFICATION_FIELDS = ("name", "rank", "is_personal", "description")


class ClassificationDetails(TypedDict, total=False):
    """What may be said of a classification beside its name."""

    rank: int
    is_personal: bool
    description: str


class ClassificationFields(ClassificationDetails, total=False):
    """What an edit may change."""

    name: str


class PurposeDetails(TypedDict, total=False):
    """What may be said of a purpose beside its name."""

    description: str
    legal_basis: str
    is_offered: bool


class PurposeFields(PurposeDetails, total=False):
    """What an edit may change."""

    name: str


@transaction.atomic
def tags_named(names: Iterable[str]) -> list[Tag]:
    """The tags of these names, made where missing; names that differ in capitals or blanks only are one tag.

    Whoever may edit a product may tag it with new words, so no permission is asked here.
    """
    wanted: dict[str, str] = {}
    for name in names:
        tidy = " ".join(name.split())
        if len(tidy) > TAG_LENGTH:
            problem = Problem("tags", "too_long", f"A tag has at most {TAG_LENGTH} characters: {tidy[:40]}…")
            raise Invalid(problem.message, kept="Nothing was saved.", problems=[problem])
        if tidy:
            wanted.setdefault(tidy.casefold(), tidy)
    if not wanted:
        return []
    found = {tag.name.casefold(): tag for tag in Tag.objects.filter(folded_name__in=wanted)}
    return [found.get(folded) or _new_tag(name) for folded, name in wanted.items()]


@transaction.atomic
def rename_tag(*, actor: User | None, tag: Tag, name: str) -> Tag:
    """Give a tag another name; its address stays. Raises Conflict when another tag has the name: merge the two."""
    kernel.require(actor, "vocabulary.edit", tag)
    before = snapshot(tag, ["name"])
    tag.name = " ".join(name.split())
    clean(tag)
    if Tag.objects.filter(folded_name=tag.name.casefold()).exclude(pk=tag.pk).exists():
        raise Conflict(
            f"There is a tag named {tag.name}.", kept="Nothing was renamed.", remedy="Merge the two."
        )
    tag.save()
    audit.record(
        actor=actor, verb="tag.renamed", obj=tag, changes=difference(before, snapshot(tag, ["name"]))
    )
    tag_changed.send(sender=Tag, tag=tag)
    return tag


@transaction.atomic
def merge_tags(*, actor: User | None, tag: Tag, into: Tag) -> Tag:
    """Everything tagged `tag` is tagged `into` afterwards, and `tag` is gone."""
    kernel.require(actor, "vocabulary.edit", tag)
    if tag.pk == into.pk:
        raise Invalid("A tag cannot be merged into itself.", kept="Nothing was changed.")
    tag_changed.send(sender=Tag, tag=tag)
    moved = list(tag.products.exclude(tags=into))
    for product in moved:  # one by one from their side: their history takes no other
        product._history_user = actor  # type: ignore[attr-defined]  # simple-history's own way to be told
        product.tags.add(into)
    audit.record(actor=actor, verb="tag.merged", obj=into, detail={"from": tag.name, "products": len(moved)})
    tag.delete()
    return into


@transaction.atomic
def delete_tag(*, actor: User | None, tag: Tag) -> None:
    """Remove a tag from everything that has it."""
    kernel.require(actor, "vocabulary.edit", tag)
    tag_changed.send(sender=Tag, tag=tag)
    audit.record(actor=actor, verb="tag.deleted", obj=tag, detail={"products": tag.products.count()})
    tag.delete()


@transaction.atomic
def create_classification(
    *, actor: User | None, name: str, **fields: Unpack[ClassificationDetails]
) -> Classification:
    """A new level of sensitivity. Raises NotAllowed or Invalid."""
    kernel.require(actor, "vocabulary.edit")
    slug = make_slug(name, fallback="classification", is_taken=_is_classification, limit=80)
    word = Classification(name=name, slug=slug, **fields)
    clean(word)
    word.save()
    audit.record(
        actor=actor,
        verb="classification.created",
        obj=word,
        changes=difference({}, snapshot(word, CLASSIFICATION_FIELDS)),
    )
    return word


@transaction.atomic
def edit_classification(
    *, actor: User | None, classification: Classification, **fields: Unpack[ClassificationFields]
) -> Classification:
    """Change what is given. Receivers of `classification_changed` act on a word that became personal."""
    kernel.require(actor, "vocabulary.edit", classification)
    before = snapshot(classification, CLASSIFICATION_FIELDS)
    for field, value in fields.items():
        setattr(classification, field, value)
    clean(classification)
    classification.save()
    changes = difference(before, snapshot(classification, CLASSIFICATION_FIELDS))
    if changes:
        audit.record(actor=actor, verb="classification.edited", obj=classification, changes=changes)
        classification_changed.send(sender=Classification, classification=classification)
    return classification


@transaction.atomic
def delete_classification(*, actor: User | None, classification: Classification) -> None:
    """Remove a level nothing is classified as; Conflict otherwise: forgetting what is sensitive is no tidying."""
    kernel.require(actor, "vocabulary.edit", classification)
    used = classification.products.count() + classification.annotations.count()
    if used:
        raise Conflict(
            f"{used} products or fields are classified as {classification}.",
            kept="Nothing was deleted.",
            remedy="Classify them otherwise first.",
        )
    audit.record(actor=actor, verb="classification.deleted", obj=classification)
    classification.delete()


@transaction.atomic
def create_purpose(*, actor: User | None, name: str, **fields: Unpack[PurposeDetails]) -> Purpose:
    """A new purpose data may be asked for. Raises NotAllowed or Invalid."""
    kernel.require(actor, "vocabulary.edit")
    slug = make_slug(name, fallback="purpose", is_taken=_is_purpose, limit=80)
    purpose = Purpose(name=" ".join(name.split()), slug=slug, **fields)
    clean(purpose)
    purpose.save()
    changes = difference({}, snapshot(purpose, PURPOSE_FIELDS))
    audit.record(actor=actor, verb="purpose.created", obj=purpose, changes=changes)
    return purpose


@transaction.atomic
def edit_purpose(*, actor: User | None, purpose: Purpose, **fields: Unpack[PurposeFields]) -> Purpose:
    """Change what is given. A purpose is not deleted but no longer offered: requests that named it keep it."""
    kernel.require(actor, "vocabulary.edit", purpose)
    before = snapshot(purpose, PURPOSE_FIELDS)
    for field, value in fields.items():
        setattr(purpose, field, value)
    clean(purpose)
    purpose.save()
    changes = difference(before, snapshot(purpose, PURPOSE_FIELDS))
    if changes:
        audit.record(actor=actor, verb="purpose.edited", obj=purpose, changes=changes)
    return purpose


def _is_purpose(slug: str) -> bool:
    return Purpose.objects.filter(slug=slug).exists()


def _is_tag(slug: str) -> bool:
    return Tag.objects.filter(slug=slug).exists()


def _is_classification(slug: str) -> bool:
    return Classification.objects.filter(slug=slug).exists()


def _new_tag(name: str) -> Tag:
    tag = Tag(name=name, slug=make_slug(name, fallback="tag", is_taken=_is_tag, limit=80))
    clean(tag)
    tag.save()
    return tag
