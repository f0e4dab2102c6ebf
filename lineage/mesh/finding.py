"""Search inside the map: the portal's own suggestions, permission-filtered, as places to fly to."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

from catalog.accounts.models import User
from catalog.domains.models import Domain
from catalog.products.models import DataProduct
from catalog.search.suggesting import completions
from lineage.mesh.address import MapAddress

DOMAINS_FOUND = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere on the map that what was typed may mean."""

    kind: str
    focus: str  # as in an address
    text: str
    html: SafeString
    about: str
    url: str


def find_places(user: User, text: str, address: MapAddress) -> list[Place]:
    """Domains whose name begins with `text` or has a word that does, then products and ports.

    Raises IndexUnavailable, as the search does.
    """
    text = text.strip()
    if not text:
        return []
    places = [
        _place("domain", f"domain:{domain.slug}", domain.name, "domain", address)
        for domain in _domains(user, text)
    ]
    for found in completions(user, text):
        if found.kind in ("product", "port"):
            places.append(
                _place(found.kind, f"{found.kind}:{found.key}", found.text, found.about, address, found.html)
            )
    return places


def _domains(user: User, text: str) -> list[Domain]:
    """Domains on the viewer's map: those with a visible product in them or below."""
    within = DataProduct.objects.visible_to(user).order_by().filter(domain__path__startswith=OuterRef("path"))
    named = Domain.objects.visible_to(user).filter(Exists(within), name__icontains=text).order_by("path")
    return [domain for domain in named[: DOMAINS_FOUND * 5] if _begins(domain.name, text)][:DOMAINS_FOUND]


def _begins(name: str, text: str) -> bool:
    name, text = name.casefold(), text.casefold()
    return name.startswith(text) or any(word.startswith(text) for word in name.split())


def _place(
    kind: str, focus: str, text: str, about: str, address: MapAddress, html: SafeString | None = None
) -> Place:
    url = f"{reverse('lineage:map')}?{address.about(focus).query()}"
    return Place(kind, focus, text, html or escape(text), about, url)
