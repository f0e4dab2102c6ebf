"""Reads of connections for pages and the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.connections.connectors.registry import registry
from catalog.connections.models import Connection, ConnectionCheck
from catalog.connections.validity import counts_as_fresh

SORTS = {
    "name": "name",
    "kind": "kind",
    "team": "team__name",
    "assets": "asset_count",
    "checked": "checked_at",
}


def connections_of(user: User, *, q: str = "", kind: str = "") -> QuerySet[Connection]:
    """Connections the person may see, with counts of their assets, searched, by name."""
    there = Q(assets__vanished_at=None)
    unclaimed = there & Q(assets__output_ports=None, assets__is_ignored=False, assets__isnull=False)
    rows = (
        Connection.objects.visible_to(user)
        .select_related("team")
        .annotate(
            asset_count=Count("assets", filter=there, distinct=True),
            unclaimed_count=Count("assets", filter=unclaimed, distinct=True),
        )
    )
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(slug__icontains=q) | Q(team__name__icontains=q))
    if kind:
        rows = rows.filter(kind=kind)
    return rows.order_by("name", "pk")


def connection_or_404(user: User, slug: str) -> Connection:
    """Raises NotFound when there is none the person may see."""
    found = connections_of(user).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such connection.")
    return found


def check_or_404(user: User, pk: int) -> ConnectionCheck:
    """A test the person asked for. Raises NotFound."""
    found = ConnectionCheck.objects.visible_to(user).select_related("connection__team").filter(pk=pk).first()
    if found is None:
        raise NotFound(
            "There is no such test.", remedy="Tests are kept for a day and shown to who asked for them."
        )
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is shown; of a secret only whether it is there."""

    label: str
    value: str


def settings_of(connection: Connection) -> list[Setting]:
    """The configuration for people. A connector that is not installed any more leaves the raw names."""
    connector = registry().connectors.get(connection.kind)
    if connector is None:
        return [Setting(name, _shown(value)) for name, value in connection.config.items()]
    shown = []
    for field in connector.config_fields:
        if field.secret:
            shown.append(Setting(field.label, "stored, never shown" if connection.secret else "none"))
        elif value := connection.config.get(field.name):
            shown.append(
                Setting(
                    field.label,
                    dict(field.choices).get(value, _shown(value)) if field.choices else _shown(value),
                )
            )
    return shown


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def title_of(kind: str) -> str:
    """The connector's title, or its name when it is not installed."""
    return registry().title_of(kind)


@dataclass(frozen=True, slots=True)
class State:
    """The state of a source in one mark: meaning (good, warning, bad, unknown), word, explanation, time."""

    meaning: str
    word: str
    sentence: str
    at: datetime | None


def state_of(connection: Connection, now: datetime | None = None) -> State:
    """Judged from what crawls and tests wrote; green only after a success."""
    now = now or timezone.now()
    if connection.is_paused:
        return State(
            "unknown", "Paused", "It is not crawled until somebody resumes it.", connection.checked_at
        )
    if connection.circuit_open_until and connection.circuit_open_until > now:
        sentence = f"It failed {connection.failures_in_row} times in a row and is left alone for a while."
        return State("bad", "Left alone", sentence, connection.checked_at)
    if connection.check_error:
        return State("bad", "Failing", connection.check_error, connection.checked_at)
    if connection.checked_at is None:
        return State("unknown", "Not tried yet", "Nothing was read from it so far.", None)
    if now > connection.checked_at + counts_as_fresh(connection.schedule):
        return State(
            "unknown",
            "Not tried lately",
            "The last test or crawl succeeded, but that is too long ago.",
            connection.checked_at,
        )
    return State("good", "Working", "The last test or crawl succeeded.", connection.checked_at)
