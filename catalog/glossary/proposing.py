"""Links that the contracts of a product propose: a name in them is exactly a term's, or an address is that of a term.

Nothing is guessed: names count whole, whatever their capitals, addresses only where they are this portal's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.urls import reverse

from catalog.accounts.models import User
from catalog.contracts import odcs
from catalog.contracts.parts import read_links, text
from catalog.contracts.reading import read_contract
from catalog.glossary.linking import nearness
from catalog.glossary.models import GlossaryTerm, TermLink, folded
from catalog.products.models import DataProduct, OutputPort

MOST = 50  # proposals of one page
MOST_NAMES = 5_000  # of one port that are looked up
AT_ONCE = 100  # names of one query


@dataclass(frozen=True, slots=True)
class Named:
    """What a contract calls a port (path "") or a column of it, and the terms it says these mean."""

    port: OutputPort
    path: str
    names: tuple[str, ...]
    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A link nobody made yet; `because` is the name or address the contract holds."""

    term: GlossaryTerm
    port: OutputPort
    path: str
    because: str


def proposals_for(user: User, product: DataProduct) -> list[Proposal]:
    """What the contracts in force of `product` propose, at most MOST, in the order of its ports."""
    named = [item for port in _ports(product) for item in _named_in(port)]
    terms = _terms(user, named)
    ids = {port.pk for port in (item.port for item in named)}
    known = set(TermLink.objects.filter(port__in=ids).values_list("term_id", "port_id", "path"))
    found: dict[tuple[int, int, str], Proposal] = {}
    for item in named:
        for because in (*item.slugs, *item.names):
            term = _nearest(terms.get(because if because in item.slugs else folded(because), []), product)
            key = (term.pk, item.port.pk, item.path) if term else None
            if term is None or key is None or key in known or key in found:
                continue
            found[key] = Proposal(term, item.port, item.path, because)
            if len(found) == MOST:
                return list(found.values())
    return list(found.values())


def _ports(product: DataProduct) -> list[OutputPort]:
    ports = product.output_ports.exclude(contract_in_force__version=None)
    return list(ports.select_related("contract_in_force__version").order_by("name", "version"))


def _named_in(port: OutputPort) -> Iterator[Named]:
    """The names of the port's contract; a document that can be read no more names nothing."""
    version = port.contract_in_force.version
    assert version is not None  # noqa: S101 - `_ports` asked for those that have one
    contract = read_contract(bytes(version.original))
    wanted = contract.object_for(port.name)
    left = MOST_NAMES
    for item, raw in zip(contract.objects, contract.schema, strict=False):
        if wanted is not None and item is not wanted:
            continue
        below = "" if wanted is not None else f"{item.name}"
        yield _of(port, below, raw)
        for path, each in odcs.properties_of(raw):
            left -= 1
            if left < 0:
                return
            yield _of(port, f"{below}.{path}" if below else path, each)


def _of(port: OutputPort, path: str, item: Mapping[str, object]) -> Named:
    names = (text(item, name) for name in ("businessName", "name", "physicalName"))
    links = read_links(item.get("authoritativeDefinitions"))
    slugs = (slug_in(link["url"]) for link in links)
    return Named(port, path, tuple(dict.fromkeys(n for n in names if n)), tuple(s for s in slugs if s))


def slug_in(url: str) -> str:
    """The slug of the term whose page `url` is, with this portal's origin or none; "" for any other address."""
    parts = urlsplit(url.strip()) if len(url) < 2_000 else urlsplit("")
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    if parts.scheme and origin != settings.PUBLIC_URL:
        return ""
    home = reverse("glossary:list")
    slug = unquote(parts.path.removeprefix(home)).strip("/") if parts.path.startswith(home) else ""
    return "" if "/" in slug else slug


def _terms(user: User, named: list[Named]) -> dict[str, list[GlossaryTerm]]:
    """Slug or folded name -> the approved terms that have it and `user` may read."""
    rows = GlossaryTerm.objects.visible_to(user).filter(state=GlossaryTerm.State.APPROVED)
    rows = rows.select_related("domain")
    names = sorted({folded(name) for item in named for name in item.names})
    slugs = {slug for item in named for slug in item.slugs}
    found: dict[str, list[GlossaryTerm]] = {}
    for term in rows.filter(slug__in=sorted(slugs)[:AT_ONCE]):
        found.setdefault(term.slug, []).append(term)
    for start in range(0, len(names), AT_ONCE):
        wanted = set(names[start : start + AT_ONCE])
        for term in rows.named(wanted):
            for name in {folded(name) for name in term.names} & wanted:
                found.setdefault(name, []).append(term)
    return found


def _nearest(terms: list[GlossaryTerm], product: DataProduct) -> GlossaryTerm | None:
    """The one that holds nearest to the product; none where two are as near."""
    near = sorted(((nearness(term, product.domain), term) for term in terms), key=lambda pair: -pair[0])
    near = [(reach, term) for reach, term in near if reach >= 0]
    if not near or (len(near) > 1 and near[0][0] == near[1][0] and near[0][1] != near[1][1]):
        return None
    return near[0][1]
