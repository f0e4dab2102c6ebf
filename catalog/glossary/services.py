"""All writes to terms; `linking` holds those to what terms are linked to."""

from collections.abc import Iterable
from typing import Any, TypedDict, Unpack

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.common.slugs import make_slug
from catalog.common.validation import clean
from catalog.domains.models import Domain
from catalog.glossary.models import LONGEST_NAME, GlossaryTerm, folded

State = GlossaryTerm.State
FIELDS = (
    "name", "definition", "abbreviation", "synonyms", "domain", "team", "steward", "state", "successor", "related",
)  # fmt: skip
#: What an older version brings back: its words. Where it holds, who answers and how it stands are decided anew.
RESTORED = ("name", "definition", "abbreviation", "synonyms")
RESERVED_SLUGS = frozenset({"new", "import"})  # addresses below /glossary/ that mean something else
VERBS = {State.APPROVED: "term.approved", State.DEPRECATED: "term.deprecated"}


class TermDetails(TypedDict, total=False):
    """What may be said of a term beside its name."""

    definition: str
    abbreviation: str
    synonyms: list[str]
    domain: Domain | None
    team: Team | None
    steward: User | None
    state: str
    successor: GlossaryTerm | None
    related: Iterable[GlossaryTerm]


class TermFields(TermDetails, total=False):
    """What an edit may change."""

    name: str


@transaction.atomic
def create_term(*, actor: User | None, name: str, **fields: Unpack[TermDetails]) -> GlossaryTerm:
    """A new term of `domain`, or without one of the whole mesh. Raises NotAllowed or Invalid."""
    domain = fields.get("domain")
    kernel.require(actor, "term.create", domain, "You may not add terms there.")
    related = list(fields.pop("related", ()))
    term = GlossaryTerm()
    _set(term, {"name": name, **fields})
    term.slug = _slug_for(term)
    _check(term)
    _save(term, actor)
    term.related.set(related)
    changes = difference({}, snapshot(term, FIELDS))
    audit.record(actor=actor, verb="term.created", obj=term, changes=changes)
    return term


@transaction.atomic
def edit_term(
    *,
    actor: User | None,
    term: GlossaryTerm,
    expected_revision: int | None = None,
    reason: str = "",
    **fields: Unpack[TermFields],
) -> GlossaryTerm:
    """Change what is given; its address stays. A term that is no longer deprecated loses its successor.

    Raises NotAllowed, Invalid, or StaleRevision when somebody else saved first.
    """
    kernel.require(actor, "term.edit", term, "This term is kept by others.")
    fresh = GlossaryTerm.objects.select_related("domain", "team", "steward", "successor").get(pk=term.pk)
    before = snapshot(fresh, FIELDS)
    if "domain" in fields and fields["domain"] != fresh.domain:
        kernel.require(actor, "term.create", fields["domain"], "You may not put terms there.")
    related = fields.pop("related", None)
    was = fresh.state
    if fields.get("state", was) != State.DEPRECATED and not fields.get("successor"):
        fields["successor"] = None
    _set(fresh, dict(fields))
    _check(fresh, was)
    if related is not None:
        fresh.related.set(related)
    changes = difference(before, snapshot(fresh, FIELDS))
    if not changes and expected_revision in (None, fresh.revision):
        return fresh
    bump_revision(fresh, expected_revision)
    _save(fresh, actor, reason)
    verb = VERBS.get(State(fresh.state), "term.edited") if "state" in changes else "term.edited"
    audit.record(actor=actor, verb=verb, obj=fresh, changes=changes)
    return fresh


@transaction.atomic
def restore_term(
    *, actor: User | None, term: GlossaryTerm, history_id: int, expected_revision: int | None = None
) -> GlossaryTerm:
    """Give a term the words of an older version, as a new change. Raises NotFound, and what `edit_term` raises."""
    kernel.require(actor, "term.edit", term, "This term is kept by others.")
    record = term.history.filter(history_id=history_id).first()
    if record is None:
        raise NotFound("There is no such version of this term.")
    fields: Any = {name: getattr(record, name) for name in RESTORED}
    reason = f"Restored the version of {record.history_date:%Y-%m-%d %H:%M} UTC"
    return edit_term(actor=actor, term=term, expected_revision=expected_revision, reason=reason, **fields)


@transaction.atomic
def delete_term(*, actor: User | None, term: GlossaryTerm) -> None:
    """Remove a draft. What was agreed once is deprecated instead: Conflict. Its history goes with it."""
    kernel.require(actor, "term.edit", term, "This term is kept by others.")
    if term.is_published:
        raise Conflict(
            f"{term} was agreed, and others may refer to it.",
            kept="Nothing was deleted.",
            remedy="Deprecate it, and name its successor where there is one.",
        )
    audit.record(actor=actor, verb="term.deleted", obj=term)
    pk = term.pk
    term.delete()
    GlossaryTerm.history.filter(id=pk).delete()  # with the row that tells of the deletion


def _set(term: GlossaryTerm, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(term, name, value)
    term.name = " ".join(term.name.split())
    term.abbreviation = " ".join(term.abbreviation.split())
    if isinstance(term.synonyms, list) and all(isinstance(item, str) for item in term.synonyms):
        known = {folded(term.name), folded(term.abbreviation), ""}
        tidy = {folded(item): " ".join(item.split()) for item in reversed(term.synonyms)}
        term.synonyms = [item for key, item in reversed(tidy.items()) if key not in known]


def _slug_for(term: GlossaryTerm) -> str:
    """Of its name; where that is taken, with its domain's, so that two domains' words are told apart."""
    slug = make_slug(term.name, fallback="term", is_taken=lambda _: False, limit=LONGEST_NAME)
    name = f"{term.name[:60]} {term.domain.slug[:50]}" if term.domain and _is_taken(slug) else term.name
    return make_slug(name, fallback="term", is_taken=_is_taken, limit=LONGEST_NAME)


def _is_taken(slug: str) -> bool:
    return slug in RESERVED_SLUGS or GlossaryTerm.objects.filter(slug=slug).exists()


def _check(term: GlossaryTerm, was: str = State.DRAFT) -> None:
    """Raises Invalid: a doubled name, a successor where none can be, a draft made of what was agreed."""
    clean(term, exclude=["folded_name", "folded_names"])
    same = GlossaryTerm.objects.filter(domain=term.domain, folded_name=folded(term.name)).exclude(pk=term.pk)
    if same.exists():
        where = f"in {term.domain}" if term.domain else "for the whole mesh"
        _refuse("name", "taken", f"There is a term {term.name} {where} already.")
    if was != State.DRAFT and term.state == State.DRAFT:
        _refuse("state", "lifecycle", "What was agreed is not made a draft again. Deprecate it instead.")
    if term.successor is None:
        return
    if term.state != State.DEPRECATED:
        _refuse("successor", "lifecycle", "Only a deprecated term has a successor.")
    if term.successor_id == term.pk or term.successor.state != State.APPROVED:
        _refuse("successor", "choice", "The successor is another term, and an approved one.")


def _refuse(path: str, rule: str, message: str) -> None:
    raise Invalid(message, kept="Nothing was saved.", problems=[Problem(path, rule, message)])


def _save(term: GlossaryTerm, actor: User | None, reason: str = "") -> None:
    """One history row that names `actor` (None: the portal itself) and, where given, why."""
    term._history_user = actor  # type: ignore[attr-defined]  # simple-history's own way to be told
    term._change_reason = reason or None  # type: ignore[attr-defined]
    term.save()
