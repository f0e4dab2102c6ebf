"""Lists on pages: filtered, sorted and paged by their address, so that a link restores what somebody saw."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.common.errors import Invalid, Problem
from catalog.common.validation import invalid, problems_of

PER_PAGE = 50


def sorted_by(
    request: HttpRequest, rows: QuerySet[Any], sorts: Mapping[str, str], default: str
) -> QuerySet[Any]:
    """`rows` in the order of `?sort=` (a key of `sorts`, a leading minus turns it round), the primary key last.

    Raises Invalid for an order that does not exist.
    """
    wanted = request.GET.get("sort") or default
    minus, key = ("-", wanted[1:]) if wanted.startswith("-") else ("", wanted)
    if key not in sorts:
        problem = Problem("sort", "choice", f"Sort by one of {', '.join(sorted(sorts))}.")
        raise Invalid("The list cannot be sorted like that.", remedy=problem.message, problems=[problem])
    return rows.order_by(f"{minus}{sorts[key]}", "pk")


def page_of(request: HttpRequest, rows: QuerySet[Any], per_page: int = PER_PAGE) -> Page[Any]:
    """The page `?page=` asks for; a number beyond the end gives the last page, nonsense the first."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def filtered(filterset: Any) -> QuerySet[Any]:
    """The rows of a django-filter set; raises Invalid naming each filter whose value means nothing."""
    if not filterset.is_valid():
        raise invalid([problem for error in _errors(filterset) for problem in problems_of(error)])
    rows: QuerySet[Any] = filterset.qs
    return rows


def _errors(filterset: Any) -> list[Any]:
    return [ValidationError({name: errors.as_data()}) for name, errors in filterset.form.errors.items()]
