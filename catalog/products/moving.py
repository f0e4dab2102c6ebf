"""Where a port is in its store, and what hangs on that: features above say why a port has to stay where it is."""

from collections.abc import Callable

from catalog.products.models import OutputPort

Keeper = Callable[[OutputPort], None]  # raises Conflict while the port has to stay
Place = tuple[int | None, int | None, str]  # asset, connection, environment
_keepers: dict[str, Keeper] = {}


def register(name: str, keeper: Keeper) -> None:
    """Features call this at start-up. A name belongs to one keeper."""
    if _keepers.get(name, keeper) is not keeper:
        raise ValueError(f"The keeper {name} is registered twice.")
    _keepers[name] = keeper


def place_of(port: OutputPort) -> Place:
    return port.asset_id, port.connection_id, port.environment


def require_may_move(port: OutputPort, before: Place) -> None:
    """Raises Conflict where the port is now tied to something else than `before` and a feature needs it to stay.

    To tie a port to a connection or an asset for the first time is no move.
    """
    asset, connection, environment = before
    if (
        (asset is not None and port.asset_id != asset)
        or (connection is not None and port.connection_id != connection)
        or port.environment != environment
    ):
        for keeper in _keepers.values():
            keeper(port)
