"""The feed of events: of products and agreements one may see, and nothing else."""

from typing import Any

from catalog.audit import outbox
from tests.walk import Example, Routes, api, nothing
from tests.walk.world import MARK, World


def with_ledger(world: World) -> dict[str, Any]:
    """Something happened to Play events, to the ledger, and to an agreement nobody may see."""
    for product in (world.cast.play_events, world.ledger):
        outbox.publish(
            type="product.changed", subject=product.key, data={"name": product.name}, product_id=product.pk
        )
    outbox.publish(
        type="access.granted", subject="agreement/0", data={"name": MARK}, agreement_id=0,
        product_id=world.cast.play_events.pk,
    )  # fmt: skip
    outbox.number_waiting()
    return {}


ROUTES: Routes = {
    "api:events": [
        Example(with_ledger, api(guest=200)),
        Example(with_ledger, api(guest=200), query="?after=1&limit=2&type=product.*"),
        Example(nothing, api(400, guest=400), query="?type=nothing.happened"),
        Example(with_ledger, api(200), query="?product=listening/play-events"),
        Example(with_ledger, api(404, admin=200), query="?product=vault/vlt9-ledger", conceals=True),
    ],
    "api:event-types": [Example(nothing, api(guest=200))],
}
