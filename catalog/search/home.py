"""The home page: search, what is yours, what changed lately, the domains; and the first steps of an empty portal."""

from dataclasses import astuple, dataclass, field

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, get_script_prefix, resolve
from django.views.decorators.http import require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import Team, User
from catalog.audit.models import AuditEvent
from catalog.audit.remembered import remembered
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.domains.selectors import Branch
from catalog.products.discretion import readable_by
from catalog.products.models import DataProduct, Lifecycle
from catalog.schemas.models import Field
from catalog.search.changes import Change, told
from catalog.trust.health import domain_branches
from catalog.vocabulary.models import Tag

SHOWN = 8  # rows of each list on the page
READ_EVENTS = 200  # latest events looked at: several of one product, or alike ones of many, are told once


@dataclass(frozen=True, slots=True)
class Example:
    """A search worth trying, made of what is really in the mesh."""

    words: str
    finds: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step towards the first product; `url` is empty where the page does not exist."""

    title: str
    why: str
    url: str
    is_done: bool


@dataclass
class Home:
    is_member: bool
    may_create: bool = False
    examples: list[Example] = field(default_factory=list)
    mine: list[DataProduct] = field(default_factory=list)
    of_my_teams: list[DataProduct] = field(default_factory=list)
    more_of_my_teams: int = 0
    changes: list[tuple[Change, DataProduct | None]] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def is_newcomer(self) -> bool:
        return not self.mine and not self.of_my_teams

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.steps)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/`"""
    return render(request, "catalog/search/home.html", {"home": home_of(caller(request))})


def home_of(user: User) -> Home:
    """What `user` finds at home, in a number of queries that does not grow with the mesh."""
    who = kernel.standing(user)
    visible = DataProduct.objects.visible_to(user)
    mine = list(_rows(visible.filter(stewardships__user=user).distinct())[:SHOWN])
    of_teams = visible.filter(team_id__in=who.team_ids).exclude(pk__in=[product.pk for product in mine])
    count = of_teams.count() if who.team_ids else 0
    return Home(
        is_member=who.is_member,
        may_create=kernel.can(user, "product.create", None),
        examples=[
            Example(*found)
            for found in remembered(
                "examples", kernel.scope(user), lambda: [astuple(e) for e in examples_for(visible)]
            )
        ],
        mine=mine,
        of_my_teams=list(_rows(of_teams)[:SHOWN]) if count else [],
        more_of_my_teams=max(count - SHOWN, 0),
        changes=changes_seen_by(user, visible),
        branches=domain_branches(user),
        steps=first_steps() if who.is_platform_admin else [],
    )


def examples_for(visible: QuerySet[DataProduct]) -> list[Example]:
    """Up to three searches that find something: a product, a column, a tag or a domain."""
    found = []
    product = visible.filter(lifecycle=Lifecycle.ACTIVE).order_by("-published_at", "pk").first()
    if product:
        found.append(Example(product.name.lower(), "a product by its name"))
    column = (
        Field.objects.filter(schema__asset__output_ports__product__in=visible, parent_path="")
        .filter(name__contains="_")
        .order_by("-schema_id", "ordinal")
        .values_list("name", flat=True)
        .first()
    )
    if column:
        found.append(Example(f"column:{column}", "a product by one of its columns"))
    tag = (
        Tag.objects.filter(products__in=visible)
        .annotate(uses=Count("products"))
        .order_by("-uses", "name")
        .first()
    )
    if tag:
        found.append(Example(f"tag:{tag.slug}", "everything with a tag"))
    if len(found) < 3:
        domain = Domain.objects.filter(products__in=visible).order_by("path").first()
        found += [Example(f"domain:{domain.slug}", "everything of a domain")] if domain else []
    return found


def changes_seen_by(user: User, visible: QuerySet[DataProduct]) -> list[tuple[Change, DataProduct | None]]:
    """What happened lately to products the reader may see, newest first; None where many are told at once."""
    events = AuditEvent.objects.filter(product_id__in=visible.values("pk")).order_by("-at", "-id")[
        :READ_EVENTS
    ]
    changes = told(readable_by(user, events), SHOWN)
    named = [change.product_id for change in changes if change.product_id is not None]
    products = visible.select_related("domain").in_bulk(named)
    return [(change, products.get(change.product_id or 0)) for change in changes]


def first_steps() -> list[Step]:
    """What makes a portal useful, with what is done already; nothing once there is a product."""
    if DataProduct.objects.exists():
        return []
    here = get_script_prefix()
    return [
        Step(
            "Create a team",
            "Teams answer for domains and products.",
            _page(here + "teams/new/"),
            Team.objects.exists(),
        ),
        Step(
            "Create a domain",
            "A business area that publishes data.",
            _page(here + "domains/new/"),
            Domain.objects.exists(),
        ),
        Step(
            "Add a connection",
            "A store the portal may read: it brings schemas, freshness and quality.",
            _page(here + "connections/new/"),
            Connection.objects.exists(),
        ),
        Step("Create a product", "What others find, trust and use.", _page(here + "products/new/"), False),
    ]


def _page(url: str) -> str:
    try:
        resolve(url)
    except Resolver404:
        return ""
    return url


def _rows(products: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
    return (
        products.exclude(lifecycle=Lifecycle.RETIRED).select_related("domain", "trust").order_by("name", "pk")
    )
