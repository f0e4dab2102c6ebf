"""Samples of products, ports and stores in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import SAMPLE_TEAM, Sample, register_sample
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, Lifecycle, OutputPort, Stewardship, Visibility

TIES = {value: f"its {label.lower()}" for value, label in Stewardship.Role.choices}
PORT_TIES = {value: f"its product's {label.lower()}" for value, label in Stewardship.Role.choices}


def sample_product(person: User, tie: str, lifecycle: Lifecycle, visibility: Visibility) -> DataProduct:
    """A product of the sample team; with a `tie` (a Stewardship.Role) `person` is in charge of it."""
    product = DataProduct(
        pk=-1,
        slug="a",
        name="A",
        domain=Domain(pk=-1, name="A domain", slug="a-domain", team_id=SAMPLE_TEAM),
        team_id=SAMPLE_TEAM,
        lifecycle=lifecycle,
        visibility=visibility,
    )
    loaded = Stewardship.objects.none()
    # as prefetch_related leaves it, so that no database is asked
    loaded._result_cache = [Stewardship(product=product, user=person, role=tie)] if tie else []
    product._prefetched_objects_cache = {"stewardships": loaded}  # type: ignore[attr-defined]
    return product


def sample_connection(person: User, tie: str) -> Connection:
    """A store the sample team runs."""
    return Connection(pk=-1, name="A store", slug="a-store", team_id=SAMPLE_TEAM)


def sample_port(person: User, tie: str) -> OutputPort:
    """A port of a draft of the sample team, in a store of that team."""
    product = sample_product(person, tie, Lifecycle.DRAFT, Visibility.MESH)
    return OutputPort(pk=-1, name="a", product=product, connection=sample_connection(person, tie))


def _register_product(case: str, lifecycle: Lifecycle, visibility: Visibility) -> None:
    def make(person: User, tie: str) -> DataProduct:
        return sample_product(person, tie, lifecycle, visibility)

    register_sample(Sample("product", make, case, TIES))


_register_product("draft", Lifecycle.DRAFT, Visibility.MESH)
for _visibility in Visibility:
    _register_product(f"active, {_visibility.label.lower()}", Lifecycle.ACTIVE, _visibility)
register_sample(Sample("connection", sample_connection))
register_sample(Sample("port", sample_port, ties=PORT_TIES))
