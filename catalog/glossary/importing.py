"""A file of terms, made or changed through the services: all of it, or nothing.

    kind: Glossary
    terms:
      - name: Play
        domain: listening             # slug of a domain; left out for a term of the whole mesh
        definition: A track heard for 30 seconds or more.
        synonyms: [Stream]
        abbreviation: PL
        state: approved               # or draft (the default), deprecated with `successor`
        owner: listening-team         # slug of a team
        steward: mara.lindqvist       # user name
        related: [Listener]           # names or addresses, of this file or of the glossary
        links: [listening/play-events, "listening/play-events/plays/1.0.0#ms_played"]

A term is known again by its name and its domain. What is not given stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.common.documents import read_document
from catalog.common.errors import Invalid, NotAllowed, PortalError, Problem
from catalog.domains.models import Domain
from catalog.glossary import linking, services
from catalog.glossary.models import GlossaryTerm, TermLink, folded
from catalog.products.models import DataProduct, OutputPort

KIND = "Glossary"
MOST_TERMS, MOST_LINKS = 2_000, 10_000  # of one file
HIDDEN = "You may not add terms there, or one of this name is kept by others."
MADE, CHANGED, UNCHANGED = "made", "changed", "unchanged"
WORDS = ("name", "definition", "abbreviation", "synonyms", "state")
MEMBERS = frozenset((*WORDS, "domain", "owner", "steward", "successor", "related", "links"))


@dataclass(slots=True)
class Outcome:
    """What became of one term of the file."""

    term: GlossaryTerm
    status: str
    links: int = 0  # made


def import_terms(*, actor: User | None, raw: bytes, is_dry_run: bool = False) -> list[Outcome]:
    """Make or change the terms of a file as `actor` may. Raises Invalid with a problem for each term that cannot be.

    `is_dry_run`: everything is tried and taken back.
    """
    items = _items(raw)
    with transaction.atomic():
        outcomes = _Import(actor).run(items)
        if is_dry_run:
            transaction.set_rollback(True)
    return outcomes


def _items(raw: bytes) -> list[Mapping[str, Any]]:
    document = read_document(raw)
    if not document.is_readable:
        raise _refusal(list(document.problems))
    data = document.data
    terms = data.get("terms") if isinstance(data, Mapping) and data.get("kind") == KIND else None
    if not isinstance(terms, list) or not all(isinstance(item, Mapping) for item in terms):
        raise _refusal([Problem("$", "kind", f"A file of terms has `kind: {KIND}` and a list `terms`.")])
    if len(terms) > MOST_TERMS:
        raise _refusal([Problem("$.terms", "too_many", f"A file holds at most {MOST_TERMS:,} terms.")])
    if sum(len(_listed(item.get("links"))) for item in terms) > MOST_LINKS:
        raise _refusal([Problem("$.terms", "too_many", f"A file holds at most {MOST_LINKS:,} links.")])
    return terms


class _Import:
    """One file: terms first, then what refers to other terms, then links."""

    def __init__(self, actor: User | None) -> None:
        self._actor = actor
        self._problems: list[Problem] = []

    def run(self, items: list[Mapping[str, Any]]) -> list[Outcome]:
        found: dict[int, Outcome] = {}
        for step in (self._term, self._references, self._links):
            for place, item in enumerate(items):
                path = f"$.terms[{place}]"
                try:
                    step(place, item, found)
                except PortalError as error:
                    told = error.problems or [Problem("", "refused", error.message)]
                    self._problems += [
                        Problem(f"{path}.{p.path}".rstrip("."), p.rule, p.message) for p in told
                    ]
            if self._problems:
                raise _refusal(self._problems)
        return list(found.values())

    def _term(self, place: int, item: Mapping[str, Any], found: dict[int, Outcome]) -> None:
        if unknown := sorted(map(str, set(item) - MEMBERS)):
            raise _said(unknown[0][:80], f"Unknown. Known here: {', '.join(sorted(MEMBERS))}.")
        fields: dict[str, Any] = {name: item[name] for name in WORDS if name in item}
        if any(not isinstance(fields.get(name, ""), str) for name in WORDS if name != "synonyms"):
            raise _said("", "The members of a term are texts.")
        domain = _one(Domain, "slug", item, "domain", self._actor)
        if "owner" in item:
            fields["team"] = _one(Team, "slug", item, "owner", self._actor)
        if "steward" in item:
            fields["steward"] = _one(User, "username", item, "steward", self._actor)
        name = str(fields.pop("name", ""))
        known = GlossaryTerm.objects.filter(domain=domain, folded_name=folded(name)).first()
        self._require_open(known, domain)
        if known is None:
            if fields.get("state") == GlossaryTerm.State.DEPRECATED:
                fields.pop("state")  # with its successor, when that is there
            made = services.create_term(actor=self._actor, name=name, domain=domain, **fields)
            found[place] = Outcome(made, MADE)
            return
        if item.get("state") == known.state:
            fields.pop("state")
        saved = services.edit_term(actor=self._actor, term=known, name=name, **fields)
        found[place] = Outcome(saved, UNCHANGED if saved.revision == known.revision else CHANGED)

    def _require_open(self, known: GlossaryTerm | None, domain: Domain | None) -> None:
        """Refuse what is not there and may not be made in the words of what is there and may not be seen."""
        if self._actor is None or (known and kernel.can(self._actor, "term.view", known)):
            return
        if known or not kernel.can(self._actor, "term.create", domain):
            raise NotAllowed(HIDDEN)

    def _references(self, place: int, item: Mapping[str, Any], found: dict[int, Outcome]) -> None:
        outcome, fields = found[place], dict[str, Any]()
        if "related" in item:
            names = item["related"] if isinstance(item["related"], list) else [item["related"]]
            others = [self._named(str(name), outcome.term, "related") for name in names[:100]]
            fields["related"] = [*others, *outcome.term.related.all()]
        if item.get("state") == GlossaryTerm.State.DEPRECATED:
            fields["state"] = item["state"]
        if item.get("successor"):
            fields["successor"] = self._named(str(item["successor"]), outcome.term, "successor")
        if fields:
            saved = services.edit_term(actor=self._actor, term=outcome.term, **fields)
            if saved.revision != outcome.term.revision and outcome.status == UNCHANGED:
                outcome.status = CHANGED
            outcome.term = saved

    def _links(self, place: int, item: Mapping[str, Any], found: dict[int, Outcome]) -> None:
        outcome, links = found[place], _listed(item.get("links"))
        if not links:
            return
        rows = TermLink.objects.filter(term=outcome.term)
        before = rows.count()
        for words in links:
            product, port, column = self._target(str(words))
            linking.link_term(actor=self._actor, term=outcome.term, product=product, port=port, path=column)
        outcome.links = rows.count() - before

    def _named(self, name: str, beside: GlossaryTerm, member: str) -> GlossaryTerm:
        """A term by its address, or by a name of one in the same place, then of one in the mesh."""
        rows = GlossaryTerm.objects.all()
        if self._actor is not None:
            rows = GlossaryTerm.objects.visible_to(self._actor)
        for chosen in (
            rows.filter(slug=name),
            rows.filter(domain=beside.domain).named([name]),
            rows.filter(domain=None).named([name]),
        ):
            if term := chosen.first():
                return term
        raise _said(member, f"There is no term {name[:80]}.")

    def _target(self, words: str) -> tuple[DataProduct, OutputPort | None, str]:
        """`domain/product[/port[/version]][#column]`; without a version the newest one added counts."""
        address, _, column = words.partition("#")
        domain, slug, name, version = (*address.split("/"), "", "", "", "")[:4]
        products = DataProduct.objects.select_related("domain", "team").prefetch_related("stewardships")
        if self._actor is not None:
            products = products.visible_to(self._actor)
        product = products.filter(domain__slug=domain, slug=slug).first()
        if product is None:
            raise _said("links", f"There is no product {domain}/{slug}, or you may not see it.")
        if not name:
            return product, None, column
        ports = product.output_ports.filter(name=name, **({"version": version} if version else {}))
        port = ports.order_by("-pk").first()
        if port is None:
            raise _said("links", f"The product {domain}/{slug} has no port {name} {version}".rstrip() + ".")
        return product, port, column


def _one(model: Any, key: str, item: Mapping[str, Any], member: str, actor: User | None) -> Any:
    """The object a member names, None where it names none."""
    if not item.get(member):
        return None
    rows = model.objects.visible_to(actor) if actor is not None else model.objects.all()
    found = rows.filter(**{key: str(item[member])}).first()
    if found is None:
        raise _said(member, f"There is no {member} {str(item[member])[:80]}.")
    return found


def _listed(value: Any) -> list[Any]:
    """The member as a list: one alone may be written without brackets."""
    return value if isinstance(value, list) else [value] if value else []


def _said(path: str, message: str) -> Invalid:
    return Invalid(message, problems=[Problem(path, "choice", message)])


def _refusal(problems: list[Problem]) -> Invalid:
    first = problems[0]
    words = f"{first.path}: {first.message}"
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return Invalid(
        f"The file cannot be taken in: {words}{more}", kept="Nothing was changed.", problems=problems
    )
