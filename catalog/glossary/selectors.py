"""Reads of the glossary: lists with counts, where a term is used, which terms stand at a product or its columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import Substr
from django.urls import reverse
from django.utils.http import urlencode

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.addresses import address
from catalog.common.prepared import Prepared
from catalog.glossary.models import BETWEEN, GlossaryTerm, TermLink, folded
from catalog.products.models import DataProduct

MOST_LETTERS = 60
OTHERS = "#"  # the letter of names that begin with none
BY_PLACE = (
    F("port__name").asc(nulls_first=True),
    "port__version",
    "path",
    "pk",
)  # databases differ about NULL


def terms_with_counts(user: User) -> QuerySet[GlossaryTerm]:
    """The terms `user` may read, with the number of products they are linked to as far as the user sees these."""
    seen = None
    if not kernel.standing(user).sees_everything:
        seen = kernel.audience_filter(user, prefix="links__product__")
    counted = Count("links__product", filter=seen, distinct=True)
    return GlossaryTerm.objects.visible_to(user).select_related("domain").annotate(product_count=counted)


def matching(rows: QuerySet[GlossaryTerm], text: str) -> QuerySet[GlossaryTerm]:
    """The terms that hold every word of `text` in a name or in the definition."""
    for word in folded(text).split()[:10]:
        rows = rows.filter(Q(folded_names__contains=word) | Q(definition__icontains=word))
    return rows


def letters_of(rows: QuerySet[GlossaryTerm]) -> list[str]:
    """The first letters of names; what begins with none is gathered under OTHERS."""
    firsts = rows.order_by().annotate(first=Substr("folded_name", 1, 1)).values_list("first", flat=True)
    found = {first.upper() if first.isalpha() else OTHERS for first in firsts.distinct()}
    return sorted(found, key=lambda letter: (letter != OTHERS, letter))[:MOST_LETTERS]


def beginning_with(rows: QuerySet[GlossaryTerm], letter: str) -> QuerySet[GlossaryTerm]:
    """The terms of one of `letters_of`."""
    if letter != OTHERS:
        return rows.filter(folded_name__startswith=folded(letter[:1]))
    firsts = rows.order_by().annotate(first=Substr("folded_name", 1, 1)).values_list("first", flat=True)
    signs = [first for first in firsts.distinct() if not first.isalpha()]
    return rows.annotate(first=Substr("folded_name", 1, 1)).filter(first__in=signs)


@dataclass(frozen=True, slots=True)
class Use:
    """Where a term is used: a product, a port or a column of it."""

    link: TermLink

    @property
    def url(self) -> str:
        product, port = self.link.product, self.link.port
        where = [product.domain.slug, product.slug]
        if port is None:
            return reverse("products:detail", args=where)
        if not self.link.path:
            return reverse("products:port", args=[*where, port.name, port.version])
        query = urlencode({"port": f"{port.name}/{port.version}", "column": self.link.path})
        return f"{reverse('schemas:fields', args=where)}?{query}#selected"


def links_of(user: User, term: GlossaryTerm) -> QuerySet[TermLink]:
    """Where a term is used, as far as `user` sees the products."""
    rows = TermLink.objects.visible_to(user).filter(term=term).select_related("product__domain", "port")
    return rows.order_by("product__name", "product_id", *BY_PLACE)


def links_at(user: User, product: DataProduct) -> QuerySet[TermLink]:
    """The links of one product `user` sees, those of the whole product first."""
    terms = GlossaryTerm.objects.visible_to(user).values("pk")
    rows = TermLink.objects.filter(product=product, term__in=terms).select_related("term__domain", "port")
    return rows.order_by(*BY_PLACE)


def terms_at(user: User, product: DataProduct, limit: int) -> tuple[list[GlossaryTerm], int]:
    """The first terms of a product, its ports and columns, each once, and how many there are: those of the whole
    product first, then by name. One query."""
    links = TermLink.objects.filter(product=product, term=OuterRef("pk"))
    seen = GlossaryTerm.objects.visible_to(user).values("pk")
    rows = GlossaryTerm.objects.filter(Exists(links), pk__in=seen).annotate(
        is_of_all=Exists(links.filter(port=None)), total=Window(Count("pk"))
    )
    found: list[Any] = list(rows.order_by("-is_of_all", "folded_name", "pk")[:limit])
    return found, found[0].total if found else 0


def terms_of_columns(user: User, port_id: int, paths: Iterable[str]) -> dict[str, list[GlossaryTerm]]:
    """Path -> the terms of that column, for `paths`; those of the whole port stand under "". One query."""
    terms = GlossaryTerm.objects.visible_to(user).values("pk")
    found: dict[str, list[GlossaryTerm]] = {}
    rows = TermLink.objects.filter(port_id=port_id, term__in=terms, path__in={"", *paths})
    for link in rows.select_related("term").order_by("pk"):
        found.setdefault(link.path, []).append(link.term)
    return found


def published_terms_of(product_ids: Iterable[int]) -> dict[int, list[TermLink]]:
    """Product id -> its links to what is agreed, with the terms: what search finds products by. One query."""
    links = TermLink.objects.filter(product__in=list(product_ids)).exclude(
        term__state=GlossaryTerm.State.DRAFT
    )
    found: dict[int, list[TermLink]] = {}
    for link in links.select_related("term").order_by("term__folded_name", "pk"):
        found.setdefault(link.product_id, []).append(link)
    return found


@dataclass(frozen=True, slots=True)
class TermFacts:
    """A term as rows of results show it."""

    id: int
    slug: str
    name: str
    names: tuple[str, ...]  # every name it goes by, its own first
    state: str

    @property
    def url(self) -> str:
        return address("glossary:term", self.slug)


def visible_terms_of(user: User, product_ids: Iterable[int]) -> Mapping[int, list[TermFacts]]:
    """Product id -> its terms that `user` may read, each once, for products they see.

    One query, and one more where drafts are among them: rules of who may read a draft are long to write down.
    """
    who = kernel.standing(user)
    if not (who.is_member or who.sees_everything):
        return {}
    found: dict[int, dict[int, TermFacts]] = {}
    for product_id, pk, slug, name, short, synonyms, state in _LINKED.rows(list(product_ids)):
        names = tuple(each for each in (name, short, *synonyms) if each)
        found.setdefault(product_id, {})[pk] = TermFacts(pk, slug, name, names, state)
    draft = GlossaryTerm.State.DRAFT
    drafts = {pk for some in found.values() for pk, term in some.items() if term.state == draft}
    readable = (
        set(GlossaryTerm.objects.visible_to(user).filter(pk__in=drafts).values_list("pk", flat=True))
        if drafts
        else set()
    )
    return {
        product_id: [term for pk, term in some.items() if pk not in drafts - readable]
        for product_id, some in found.items()
    }


def terms_meant(user: User, text: str, limit: int) -> list[GlossaryTerm]:
    """The agreed terms a search for `text` may mean: a name of theirs is it, or begins with it.

    One query, and one for the terms where there are any; every member may read what is agreed.
    """
    wanted, who = folded(text), kernel.standing(user)
    if len(wanted) < 2 or not (who.is_member or who.sees_everything):
        return []
    meant = _MEANT.rows(wanted, text.strip(), given=(10 * limit,), under=limit)
    if not meant:
        return []
    found = list(GlossaryTerm.objects.select_related("domain").filter(pk__in=[pk for (pk,) in meant]))
    exact = f"{BETWEEN}{wanted}{BETWEEN}"
    found.sort(key=lambda term: (exact not in term.folded_names, term.state, term.folded_name))
    return found[:limit]


def _linked(product_ids: list[int]) -> Any:
    links = TermLink.objects.filter(product_id__in=product_ids).order_by("term__folded_name", "pk")
    shown = ("slug", "name", "abbreviation", "synonyms", "state")
    return links.values_list("product_id", "term_id", *(f"term__{name}" for name in shown))


def _meant(wanted: str, slug: str, limit: int) -> Any:
    is_meant = Q(folded_names__contains=f"{BETWEEN}{wanted}") | Q(slug=slug)
    return GlossaryTerm.objects.published().filter(is_meant).values_list("pk")[:limit]


_LINKED: Final = Prepared(TermLink, _linked)
_MEANT: Final = Prepared(GlossaryTerm, _meant)
