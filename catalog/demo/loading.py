"""Making the demo mesh: the company, its stores, its documents. Nothing else: what the portal says of the stores it
must find out itself.

Everything is done through the services people use, as the portal itself; what is there already is left as it is.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from catalog.accounts.models import Membership, Team, User
from catalog.accounts.services.roles import grant_role
from catalog.accounts.services.teams import create_team
from catalog.common.errors import Conflict
from catalog.connections.models import Connection
from catalog.connections.services import create_connection
from catalog.contracts.importer import Source, import_all
from catalog.contracts.results import REFUSED, ImportOptions, ImportResult
from catalog.demo import hearing, state
from catalog.demo.access import make_access
from catalog.demo.rows import DAY
from catalog.demo.state import State
from catalog.demo.stores import write_stores
from catalog.demo.structure import DOCUMENTS, TERMS, company, document_paths
from catalog.domains.models import Domain
from catalog.domains.services import create_domain
from catalog.glossary.importing import import_terms
from catalog.products.models import DataProduct
from catalog.trust.services import certify
from catalog.vocabulary.models import Classification
from catalog.vocabulary.services import create_classification

Tell = Callable[[str], None]
HISTORY = 30 * DAY  # how far back the stores begin; the past is crawled from there
FIRST_CRAWL_AFTER = dt.timedelta(minutes=15)  # beat waits so long: the past comes first


def load_demo(*, tell: Tell, now: dt.datetime | None = None) -> list[ImportResult]:
    """Make the demo mesh in this installation, or complete it; returns what became of each document.

    Raises Conflict in an installation that holds anything of somebody's own: a demo opens its doors to everybody.
    """
    now = now or timezone.now()
    _refuse_real_mesh()
    (Path(settings.DATA_DIR) / state.MARK).touch(mode=0o600)
    with state.lock(
        wait=True
    ):  # the worker may be running: it grows the past only of a demo that is complete
        kept = state.read() or State(made_at=now)
        results = _make(kept, tell, now)
        if not kept.is_loaded:
            hearing.watch_some()
        kept.is_loaded = True
        state.write(kept)
    products = DataProduct.objects.filter(is_demo=True).count()
    tell(f"{products} products of {company()['company']['name']} are in the mesh.")
    return results


def _make(kept: State, tell: Tell, now: dt.datetime) -> list[ImportResult]:
    """What was made is noted after each step, so that a load cut short can be completed, and removed, all the same."""
    state.write(kept)
    tell("Teams, domains and people …")
    _make_company(kept)
    state.write(kept)
    tell("Stores …")
    if kept.grown_until is None:
        write_stores(state.stores(), kept.made_at - HISTORY, kept.made_at)
    _make_connections(kept, now)
    state.write(kept)
    tell("Products and contracts …")
    options = ImportOptions(create_missing=False, is_demo=True)
    results = list(import_all(_sources(), actor=None, options=options, now=now))
    _make_terms(kept)
    make_access(kept, now)
    _certify(now)
    return results


def _make_terms(kept: State) -> None:
    """Once: what people wrote into the glossary afterwards stays as it is."""
    if "terms" not in kept.made:
        for outcome in import_terms(actor=None, raw=TERMS.read_bytes()):
            kept.note("terms", outcome.term.slug)
        state.write(kept)


def _certify(now: dt.datetime) -> None:
    """What stewards of the company certified; one of them ends soon."""
    for item in company()["certifications"]:
        domain, _, slug = item["product"].partition("/")
        product = DataProduct.objects.filter(domain__slug=domain, slug=slug, is_demo=True).first()
        if product is None or product.certifications.exists():
            continue
        certify(
            actor=User.objects.get(username=item["by"]),
            product=product,
            reason=item["reason"],
            expires_at=now + dt.timedelta(days=item["days"]),
        )


def _refuse_real_mesh() -> None:
    if state.is_demo():
        return
    if User.objects.exists() or Team.objects.exists() or DataProduct.objects.exists():
        raise Conflict(
            "This installation holds a mesh of its own.",
            kept="Nothing was changed.",
            remedy="Make the demo in another data folder (--data): its accounts need no password.",
        )


def _sources() -> list[Source]:
    return [Source(str(path.relative_to(DOCUMENTS)), path.read_bytes()) for path in document_paths()]


def refused(results: list[ImportResult]) -> list[ImportResult]:
    return [result for result in results if result.status == REFUSED]


def _make_company(kept: State) -> None:
    data = company()
    root = _team(kept, data["company"], None)
    for item in data["teams"]:
        parent = Team.objects.get(name=item["below"]) if "below" in item else root
        _team(kept, item, parent)
    for item in data["classifications"]:
        _classification(kept, item)
    for item in data["domains"]:
        _domain(kept, item)
    for item in data["people"]:
        _person(kept, item)


def _team(kept: State, item: dict[str, str], parent: Team | None) -> Team:
    found: Team | None = Team.objects.filter(name=item["name"]).first()
    if found is None:
        details = {name: item[name] for name in ("slug", "description", "email", "channel") if name in item}
        found = create_team(actor=None, name=item["name"], parent=parent, **details)
        kept.note("teams", found.slug)
    return found


def _classification(kept: State, item: dict[str, object]) -> None:
    name = str(item["name"])
    if not Classification.objects.filter(name=name).exists():
        made = create_classification(
            actor=None,
            name=name,
            rank=int(str(item["rank"])),
            is_personal=bool(item.get("is_personal")),
            description=str(item["description"]),
        )
        kept.note("classifications", made.slug)


def _domain(kept: State, item: dict[str, str]) -> None:
    if Domain.objects.filter(name=item["name"]).exists():
        return
    parent = Domain.objects.get(name=item["below"]) if "below" in item else None
    made = create_domain(
        actor=None,
        name=item["name"],
        team=Team.objects.get(name=item["team"]),
        parent=parent,
        kind=item["kind"],
        description=item["description"],
    )
    kept.note("domains", made.slug)


def _person(kept: State, item: dict[str, object]) -> None:
    """A person without a password: in a demo one enters by a click, elsewhere not at all."""
    username = str(item["username"])
    person = User.objects.filter(username=username).first()
    if person is None:
        person = User.objects.create_user(
            username, name=str(item["name"]), email=f"{username}@daff.example", time_zone="Europe/Stockholm"
        )
        kept.note("people", username)
    roles = item.get("roles")
    for team, role in (roles if isinstance(roles, dict) else {}).items():
        grant_role(actor=None, person=person, role=role, team=Team.objects.get(name=team))
    if "platform" in item and not Membership.objects.filter(user=person, team=None).exists():
        grant_role(actor=None, person=person, role=str(item["platform"]))


def _make_connections(kept: State, now: dt.datetime) -> None:
    for item in company()["connections"]:
        if Connection.objects.filter(slug=item["slug"]).exists():
            continue
        connection = create_connection(
            actor=None,
            kind=item["kind"],
            name=item["name"],
            team=Team.objects.get(name=item["team"]),
            config={"path": str(state.stores() / item["path"])},
            description=item["description"],
            schedule=item["schedule"],
        )
        Connection.objects.filter(pk=connection.pk).update(next_crawl_at=now + FIRST_CRAWL_AFTER)
        kept.note("connections", connection.slug)
