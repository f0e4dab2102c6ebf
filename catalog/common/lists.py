"""Lists on pages: filtered, sorted and paged by their address, so that a link restores what somebody saw."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.common.errors import Invalid, Problem
from catalog.common.validation import invalid, problems_of

PER_PAGE = 50
Row = TypeVar("Row")


def sorted_by(
    request: HttpRequest, rows: QuerySet[Any], sorts: Mapping[str, str], default: str
) -> QuerySet[Any]:
    """`rows` in the order of `?sort=` (a key of `sorts`, a leading minus turns it round), the primary key last.

    With an empty `default` they stay in the order they have until another is asked for.

    Raises Invalid for an order that does not exist.
    """
    if not (default or request.GET.get("sort")):
        return rows
    key, is_reversed = _order(request, sorts, default)
    return rows.order_by(f"{'-' if is_reversed else ''}{sorts[key]}", "pk")


def sorted_rows(
    request: HttpRequest, rows: Iterable[Row], sorts: Mapping[str, Callable[[Row], Any]], default: str
) -> list[Row]:
    """Rows that are not of one table in the order of `?sort=`, as `sorted_by`; None comes last, and first turned round.

    Equal rows stay in the order they come in. Raises Invalid for an order that does not exist.
    """
    if not (default or request.GET.get("sort")):
        return list(rows)
    key, is_reversed = _order(request, sorts, default)

    def place(row: Row) -> tuple[bool, Any]:
        value = sorts[key](row)
        return value is None, 0 if value is None else value

    return sorted(rows, key=place, reverse=is_reversed)


def _order(request: HttpRequest, sorts: Mapping[str, Any], default: str) -> tuple[str, bool]:
    wanted = request.GET.get("sort") or default
    key = wanted.removeprefix("-")
    if key not in sorts:
        problem = Problem("sort", "choice", f"Sort by one of {', '.join(sorted(sorts))}.")
        raise Invalid("The list cannot be sorted like that.", remedy=problem.message, problems=[problem])
    return key, wanted.startswith("-")


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], per_page: int = PER_PAGE) -> Page[Any]:
    """The page `?page=` asks for; a number beyond the end gives the last page, nonsense the first."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def newest_page_of(
    request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], per_page: int = PER_PAGE
) -> Page[Any]:
    """As `page_of`, of what is read from the oldest on and goes on at the end: without `?page=` the last one."""
    paginator = Paginator(rows, per_page)
    return paginator.get_page(request.GET.get("page") or paginator.num_pages)


def filtered(filterset: Any) -> QuerySet[Any]:
    """The rows of a django-filter set; raises Invalid naming each filter whose value means nothing."""
    if not filterset.is_valid():
        raise invalid([problem for error in _errors(filterset) for problem in problems_of(error)])
    rows: QuerySet[Any] = filterset.qs
    return rows


def _errors(filterset: Any) -> list[Any]:
    return [ValidationError({name: errors.as_data()}) for name, errors in filterset.form.errors.items()]
