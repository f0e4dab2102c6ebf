"""Harvesting a registry: many entries at once, written in bulk in one transaction, twice changes nothing."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.accounts.services.teams import create_team
from catalog.audit import services as audit
from catalog.audit.models import ChangeMark
from catalog.common.documents import Document, read_document
from catalog.common.errors import Conflict, Problem
from catalog.contracts import detect, registry
from catalog.contracts.importer import Source
from catalog.contracts.models import ProductDescriptor
from catalog.contracts.services import entries
from catalog.contracts.services.versions import digest_of
from catalog.domains.models import Domain
from catalog.domains.services import create_domain
from catalog.products.models import DataProduct, OutputPort

MOST_VANISHED = 0.5  # of what is known; more is taken for a mistake


@dataclass(slots=True)
class Harvest:
    """What became of a harvest: how many entries were new, changed, unchanged, vanished, returned, refused."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[str, Problem]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Read:
    """One file that holds an entry."""

    source: Source
    document: Document
    entry: registry.Entry

    @property
    def digest(self) -> str:
        return digest_of(self.source.raw)


@transaction.atomic
def harvest_registry(
    *, actor: User | None, sources: Iterable[Source], now: dt.datetime | None = None, force: bool = False
) -> Harvest:
    """Bring every entry of `sources` (a whole registry) in: a product an entry, a port a resource.

    Entries that are no longer there are marked, not deleted. Raises NotAllowed (platform admins harvest), and
    Conflict when more than half would vanish, which is nearly always the wrong folder; `force` does it all the same.
    """
    kernel.require(actor, "domain.create", None, "Registries are harvested by platform administrators.")
    now = now or timezone.now()
    result = Harvest()
    found = {item.entry.key: item for item in _read(sources, result)}
    known = {
        descriptor.key: descriptor
        for descriptor in ProductDescriptor.objects.filter(
            kind=detect.REGISTRY, product__isnull=False
        ).select_related("product__domain", "product__team")
    }
    _refuse_mass_vanishing(known, found, force)
    digests = entries.newest_digests(known.values())
    new = [item for key, item in found.items() if key not in known]
    changed = [
        item for key, item in found.items() if key in known and digests.get(known[key].pk) != item.digest
    ]
    touched = []
    if new or changed:
        places = _places([*new, *changed])
        touched += entries.create_products(actor, new, places, now)
        touched += entries.update_products(
            actor, [(known[item.entry.key], item) for item in changed], places, now
        )
    touched += _mark_vanished(known, found, result, now)
    result.counts.update(new=len(new), changed=len(changed), unchanged=len(found) - len(new) - len(changed))
    _announce(actor, touched, result)
    return result


def _read(sources: Iterable[Source], result: Harvest) -> Iterable[Read]:
    for source in sources:
        document = read_document(source.raw) if source.problem is None else None
        if document is None or not document.is_readable:
            problem = source.problem or (document.problems[0] if document else None)
            result.counts["refused"] += 1
            result.problems.append((source.path, problem or Problem("$", "unreadable", "It cannot be read.")))
        elif detect.identify(document.data).kind == detect.REGISTRY:
            key = source.path.rpartition("/")[2].partition(".")[0][:300]
            yield Read(source, document, registry.parse(key, document.data))
        else:
            result.counts["ignored"] += 1


def _refuse_mass_vanishing(known: dict[str, ProductDescriptor], found: dict[str, Read], force: bool) -> None:
    present = [key for key, item in known.items() if item.product and item.product.origin_vanished_at is None]
    gone = sum(key not in found for key in present)
    if gone > MOST_VANISHED * len(present) and not force:
        raise Conflict(
            f"{gone} of {len(present)} entries known here are not in the folder.",
            kept="Nothing was changed.",
            remedy="Check that it is the registry's folder; with --force they are marked as vanished.",
        )


def _places(items: list[Read]) -> entries.Places:
    """The domains and teams the entries belong to, made where missing."""
    top = _team(registry.NAME, None, "Organisations that publish open data.")
    teams = {name.casefold(): name for item in items if (name := item.entry.managed_by)}
    known: dict[str, Team] = {team.name.casefold(): team for team in Team.objects.get_children(top)}
    for folded, name in sorted(teams.items()):
        if folded not in known:
            known[folded] = create_team(actor=None, name=name, parent=top)
    root = _domain(registry.ROOT_DOMAIN, None, top)
    families = {item.entry.family for item in items}
    return entries.Places({family: _domain(family, root, top) for family in sorted(families)}, known)


def _team(name: str, parent: Team | None, description: str) -> Team:
    found: Team | None = Team.objects.filter(name=name).first()
    return found or create_team(actor=None, name=name, parent=parent, description=description)


def _domain(name: str, parent: Domain | None, team: Team) -> Domain:
    found: Domain | None = Domain.objects.filter(name=name).first()
    return found or create_domain(actor=None, name=name, team=team, parent=parent)


def _mark_vanished(
    known: dict[str, ProductDescriptor], found: dict[str, Read], result: Harvest, now: dt.datetime
) -> list[int]:
    products = [(key in found, descriptor.product) for key, descriptor in known.items() if descriptor.product]
    gone = [item.pk for is_found, item in products if not is_found and item.origin_vanished_at is None]
    back = [item.pk for is_found, item in products if is_found and item.origin_vanished_at is not None]
    for ids, moment, word in ((gone, now, "vanished"), (back, None, "returned")):
        DataProduct.objects.filter(pk__in=ids).update(origin_vanished_at=moment, updated_at=now)
        result.counts[word] = len(ids)
    return [*gone, *back]


def _announce(actor: User | None, touched: list[int], result: Harvest) -> None:
    """Marks for the search index, and one audit event for the whole batch."""
    if not touched:
        return
    audit.mark_changed(ChangeMark.Kind.PRODUCT, touched)
    ports = OutputPort.objects.filter(product_id__in=touched).values_list("pk", flat=True)
    audit.mark_changed(ChangeMark.Kind.PORT, ports)
    root = Domain.objects.get(name=registry.ROOT_DOMAIN)
    audit.record(actor=actor, verb="domain.harvested", obj=root, detail=dict(result.counts))
