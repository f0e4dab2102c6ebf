"""A search as its address says it: read, checked, and written again."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import Q
from django.http import QueryDict

from catalog.accounts.models import Team, User
from catalog.common.errors import Invalid, Problem
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.search import loading
from catalog.search.documents import FACETS, KINDS, PRODUCT, RELEVANCE, SORTS
from catalog.search.query import SearchQuery, parse
from catalog.vocabulary.models import Classification, Tag

PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 100
DEEPEST_ROW: Final = 10_000  # nobody pages further; deeper pages are refused, the filters are the way
MAX_VALUES: Final = 50  # of one filter
PARAMETERS: Final = ("q", "kind", *FACETS, "sort", "page", "page_size")

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "kind": KINDS,
    "sort": SORTS,
    "port_kind": tuple(OutputPort.Kind.values),
    "lifecycle": tuple(Lifecycle.values),
    "archetype": tuple(DataProduct.Archetype.values),
    "quality": tuple(loading.QUALITY_BANDS),
    "certification": tuple(loading.CERTIFICATION),
}


def read_strictly(parameters: QueryDict, user: User) -> SearchQuery:
    """The query for the API: raises Invalid naming every unknown parameter and every value that is none."""
    problems = [
        Problem(name, "unknown_parameter", f"Unknown parameter. Known here: {', '.join(PARAMETERS)}.")
        for name in parameters
        if name not in PARAMETERS
    ]
    for name in ("q", "kind", "sort", "page", "page_size"):
        if len(parameters.getlist(name)) > 1:
            problems.append(Problem(name, "repeated", "Give it once."))
    for name in ("kind", "sort"):
        value = parameters.get(name, CHOICES[name][0])
        if value not in CHOICES[name]:
            problems.append(_no_choice(name, value, CHOICES[name]))
    page_size = _number(parameters, "page_size", PAGE_SIZE, MAX_PAGE_SIZE, problems)
    page = _number(parameters, "page", 1, DEEPEST_ROW // page_size, problems)
    filters = {name: frozenset(parameters.getlist(name)) for name in FACETS if name in parameters}
    for name, values in filters.items():
        problems.extend(_unknown_values(name, values, user))
    if problems:
        raise Invalid("The search cannot be understood as it is written.", problems=problems)
    return _query(
        parameters,
        parameters.get("kind", PRODUCT),
        parameters.get("sort", RELEVANCE),
        filters,
        page,
        page_size,
    )


def read_kindly(parameters: QueryDict) -> SearchQuery:
    """The query for the page: what means nothing is left out; a value nobody has finds nothing and can be removed."""

    def chosen(name: str, default: str) -> str:
        value = parameters.get(name, default)
        return value if value in CHOICES[name] else default

    filters = {
        name: frozenset(value[:200] for value in parameters.getlist(name)[:MAX_VALUES] if value)
        for name in FACETS
    }
    page = _number(parameters, "page", 1, DEEPEST_ROW // PAGE_SIZE, [])
    filters = {name: values for name, values in filters.items() if values}
    return _query(parameters, chosen("kind", PRODUCT), chosen("sort", RELEVANCE), filters, page, PAGE_SIZE)


def _query(
    parameters: QueryDict,
    kind: str,
    sort: str,
    filters: Mapping[str, frozenset[str]],
    page: int,
    page_size: int,
) -> SearchQuery:
    text = parameters.get("q", "")
    return parse(text, kind=kind, sort=sort, filters=filters, page=page, page_size=page_size)


def _number(parameters: QueryDict, name: str, default: int, maximum: int, problems: list[Problem]) -> int:
    raw = parameters.get(name)
    if raw is None:
        return default
    if raw.isascii() and raw.isdigit() and len(raw) < 10 and 1 <= int(raw) <= maximum:
        return int(raw)
    problems.append(Problem(name, "number", f"Use a whole number from 1 to {maximum}."))
    return default


def _no_choice(name: str, value: str, known: Iterable[str]) -> Problem:
    return Problem(name, "choice", f"{value[:100]!r} is none of {', '.join(known)}.")


def _unknown_values(name: str, values: frozenset[str], user: User) -> list[Problem]:
    if len(values) > MAX_VALUES:
        return [Problem(name, "too_many", f"Give at most {MAX_VALUES} values.")]
    if name in CHOICES:
        return [_no_choice(name, value, CHOICES[name]) for value in sorted(values - set(CHOICES[name]))]
    unknown = sorted(values - _existing(name, values, user))
    return [Problem(name, "choice", f"There is no {name} {value[:100]!r}.") for value in unknown]


def _existing(name: str, values: frozenset[str], user: User) -> set[str]:
    """Those values the reader may know of: one that only hidden products carry is refused like one nobody has.

    What products in sight carry may be asked too, for it stands beside the results; regions are no list of their own.
    """
    seen = DataProduct.objects.visible_to(user)
    if name == "region":
        seen = seen.filter(Q(region__in=values) | Q(output_ports__region__in=values))
        return {
            region for pair in seen.values_list("region", "output_ports__region") for region in pair if region
        }
    models: dict[str, type[Any]] = {
        "domain": Domain,
        "owner": Team,
        "tag": Tag,
        "classification": Classification,
    }
    manager = models[name].objects
    known = manager.visible_to(user) | manager.filter(products__in=seen.order_by().values("pk"))
    found: set[str] = set(known.filter(slug__in=values).values_list("slug", flat=True))
    return found | ({loading.UNOWNED.value} if name == "owner" else set())
