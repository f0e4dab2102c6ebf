"""Incidents: seen, reported and discussed by whoever sees the product, handled by whoever may edit it."""

from typing import Any

from catalog.incidents.models import Incident
from catalog.incidents.services import Report, report_incident
from catalog.products.models import DataProduct
from tests.walk import LOGIN, Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import ledger, play_events
from tests.walk.world import MARK, SLUG_MARK, World


def _of(product: DataProduct, title: str) -> dict[str, Any]:
    """The number of the product's incident, reported when it is first asked for."""
    made = Incident.objects.filter(product=product).first() or report_incident(
        actor=None, product=product, report=Report(title)
    )
    return {"pk": made.pk}


def late(world: World) -> dict[str, Any]:
    return _of(world.cast.play_events, "Late since yesterday")


def secret(world: World) -> dict[str, Any]:
    """In the vault, upstream of Play events: the banner there may not name it."""
    return _of(world.ledger, f"{MARK} is late")


def below_the_vault(world: World) -> dict[str, Any]:
    secret(world)
    return play_events(world)


def comment(world: World) -> dict[str, Any]:
    return {"kind": "commented", "text": "We see it too."}


def handled(world: World) -> dict[str, Any]:
    return {"kind": "acknowledged"}


def report(world: World) -> dict[str, Any]:
    return {"product": "listening/play-events", "title": "Rows are missing"}


def listening(world: World) -> dict[str, Any]:
    return {"domain": "listening"}


def vault(world: World) -> dict[str, Any]:
    secret(world)
    return {"domain": world.ledger.domain.slug}


OPENED = page(302, guest=404)
ROUTES: Routes = {
    "incidents:list": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?format=csv"),
        Example(nothing, page(guest=200), query="?mine=true&severity=high&q=late&status=resolved"),
    ],
    "incidents:detail": [Example(late, page()), Example(secret, hidden(), conceals=True)],
    "incidents:act": [
        Example(late, OPENED, method="POST", body=comment),
        Example(late, page(403, guest=404, owner=302, admin=302), method="POST", body=handled),
        Example(secret, page(404, admin=302), method="POST", body=comment, conceals=True),
    ],
    "incidents:product": [
        Example(play_events, page()),
        Example(below_the_vault, page()),
        Example(ledger, hidden(), conceals=True),
    ],
    "incidents:report": [Example(play_events, page()), Example(ledger, hidden(), conceals=True)],
    "incidents:status": [
        Example(play_events, page()),
        Example(below_the_vault, page()),
        Example(ledger, page(404, admin=200, anonymous=LOGIN), conceals=True),
    ],
    "incidents:status-domain": [Example(listening, page()), Example(vault, page(), conceals=True)],
    "incidents:status-public": [
        Example(play_events, page(403, guest=404, owner=302, admin=302), method="POST"),
        Example(ledger, page(404, admin=302), method="POST", conceals=True),
    ],
    "api:incident-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(201, guest=400), method="POST", body=report),
        Example(
            nothing,
            api(400, guest=400, admin=201),
            method="POST",
            body=lambda world: {"product": world.ledger.key, "title": f"{SLUG_MARK} late"},
            conceals=True,
        ),
    ],
    "api:incident-detail": [Example(late, api()), Example(secret, hidden_api(), conceals=True)],
    "api:incident-events": [
        Example(late, api(201, guest=404), method="POST", body=comment),
        Example(late, api(403, guest=404, owner=201, admin=201), method="POST", body=handled),
        Example(secret, api(404, admin=201), method="POST", body=comment, conceals=True),
    ],
}
