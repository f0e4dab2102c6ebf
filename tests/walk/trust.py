"""Certifications: seen by whoever sees the product, given and withdrawn by stewards and governance."""

import datetime as dt
from typing import Any

from django.utils import timezone

from catalog.products.models import DataProduct
from catalog.trust.models import Certification
from catalog.trust.services import certify
from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import ledger, play_events
from tests.walk.world import MARK, World


def _of(product: DataProduct, reason: str) -> dict[str, Any]:
    """The number of the product's certification, given when it is first asked for."""
    end = timezone.now() + dt.timedelta(days=10)
    found = Certification.objects.filter(product=product, withdrawn_at=None).first() or certify(
        actor=None, product=product, reason=reason, expires_at=end
    )
    return {"pk": found.pk}


def given(world: World) -> dict[str, Any]:
    return _of(world.cast.play_events, "Looked at it")


def secret(world: World) -> dict[str, Any]:
    return _of(world.ledger, f"{MARK} was looked at")


def new(world: World) -> dict[str, Any]:
    return {"reason": "Looked at it", "expires_at": (timezone.now() + dt.timedelta(days=5)).isoformat()}


def day(world: World) -> dict[str, Any]:
    return {"reason": "Looked at it", "expires_at": (timezone.localdate() + dt.timedelta(days=5)).isoformat()}


def playback(world: World) -> dict[str, Any]:
    """Of which the steward is the steward."""
    return {"domain": "playback", "slug": "playback-quality"}


def theirs(world: World) -> dict[str, Any]:
    return _of(world.cast.playback_quality, "Looked at it")


def why(world: World) -> dict[str, Any]:
    return {"reason": "It changed"}


ROUTES: Routes = {
    "trust:certifications": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(guest=200), query="?state=in_force&ending_within=30&mine=true"),
    ],
    "trust:certification": [
        Example(play_events, page()),
        Example(play_events, page(403, guest=404, admin=302), method="POST", body=day),
        Example(playback, page(403, guest=404, steward=302, admin=302), method="POST", body=day),
        Example(ledger, hidden(), conceals=True),
        Example(ledger, hidden(admin=302), method="POST", body=day, conceals=True),
    ],
    "trust:withdraw": [
        Example(given, page(403, guest=404, admin=302), method="POST", body=why),
        Example(theirs, page(403, guest=404, steward=302, admin=302), method="POST", body=why),
        Example(secret, hidden(admin=302), method="POST", body=why, conceals=True),
    ],
    "api:certification-list": [Example(nothing, api(guest=200))],
    "api:certification-withdrawal": [
        Example(given, api(403, guest=404, admin=200), method="POST", body=why),
        Example(theirs, api(403, guest=404, steward=200, admin=200), method="POST", body=why),
        Example(secret, api(404, admin=200), method="POST", body=why, conceals=True),
    ],
    "api:product-certifications": [
        Example(play_events, api()),
        Example(play_events, api(403, guest=404, admin=201), method="POST", body=new),
        Example(playback, api(403, guest=404, steward=201, admin=201), method="POST", body=new),
        Example(ledger, hidden_api(), conceals=True),
    ],
}
