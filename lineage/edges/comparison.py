"""Two days beside each other: which edges came and which went, read from an address, told to machines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import Invalid, Problem
from lineage.days import end_of, read_day
from lineage.edges.selectors import Change, Changes, changes_between
from lineage.nodes import Focus, find_focus

COLUMNS = ("change", "upstream", "upstream_name", "port", "downstream", "downstream_name", "at")
USUAL_DAYS = 30
PARAMETERS = ("from", "to", "node", "page", "format")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The edges that came and went from the end of `first` to the end of `second`, around `focus` or anywhere."""

    first: date
    second: date
    focus: Focus | None
    changes: Changes

    def query(self) -> str:
        parts = [("from", self.first.isoformat()), ("to", self.second.isoformat())]
        parts += [("node", self.focus.key)] if self.focus else []
        return urlencode(parts, safe=":/")


def read_comparison(user: User, parameters: QueryDict) -> Comparison:
    """The comparison an address asks for: by default the last 30 days. Raises Invalid, and NotFound for the node."""
    problems: list[Problem] = []
    today = timezone.now().astimezone(UTC).date()
    first = read_day(parameters.get("from", ""), "from", problems)
    second = read_day(parameters.get("to", ""), "to", problems) or today
    first = first or (today if parameters.get("from") else second - timedelta(days=USUAL_DAYS))
    if not problems and first > second:
        problems.append(Problem("from", "order", "The first day comes before the second."))
    if problems:
        raise Invalid("These days cannot be compared.", problems=problems)
    node = parameters.get("node", "")
    focus = find_focus(user, node) if node else None
    return Comparison(first, second, focus, changes_between(user, _end(first), _end(second), focus))


def _end(day: date) -> datetime:
    return end_of(day) or timezone.now()


def change_rows(compared: Comparison) -> Iterator[list[Any]]:
    """The cells of each change, in the order of COLUMNS."""
    for change in compared.changes.read():
        upstream = change.port.product
        yield [change.what, change.upstream, upstream.name, str(change.port), change.downstream,
               change.product.name, change.at.isoformat()]  # fmt: skip


def changes_as_json(compared: Comparison) -> dict[str, Any]:
    """The comparison as the API and the file give it."""
    return {
        "from": compared.first.isoformat(),
        "to": compared.second.isoformat(),
        "focus": compared.focus.key if compared.focus else None,
        **compared.changes.counts,
        "hidden": compared.changes.hidden,
        "changes": [change_json(change) for change in compared.changes.read()],
    }


def change_json(change: Change) -> dict[str, Any]:
    return {
        "change": change.what,
        "upstream": change.upstream,
        "downstream": change.downstream,
        "at": change.at,
    }
