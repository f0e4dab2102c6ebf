"""From what a crawl saw to draft ports, all or nothing, by those who may."""

import pytest

from catalog.accounts.models import Role, User
from catalog.assets.models import Asset
from catalog.audit.models import AuditEvent
from catalog.common.errors import Invalid, NotAllowed
from catalog.connections.models import Connection
from catalog.products.claim import (
    NewProduct,
    assets_of,
    claim_assets,
    claimable_products,
    set_ignored,
    short_name,
)
from catalog.products.models import DataProduct, OutputPort
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(cast: Cast) -> Connection:
    return make.make_connection("Play store", team=cast.listening_team, config={"path": "/data/play.db"})


def asset(store: Connection, name: str, **fields: object) -> Asset:
    return make.make_asset(store, name, namespace="sqlite:///data/play.db", address={"table": name}, **fields)


def test_ticked_tables_become_ports_of_a_new_draft(cast: Cast, store: Connection) -> None:
    plays = asset(store, "plays", comment="Every play.", kind="view")
    make.make_schema(plays, {"id": "integer", "at": "timestamp"})
    ports = claim_assets(
        actor=cast.owner,
        connection=store,
        assets=[plays, asset(store, "skips")],
        product=NewProduct(cast.listening, "Plays"),
    )
    product = ports[0].product
    assert (product.lifecycle, product.team) == ("draft", cast.listening_team)
    first = ports[0]
    assert (first.name, first.kind, first.description) == ("plays", "view", "Every play.")
    assert (first.asset, first.connection) == (plays, store)
    assert (first.location, first.platform) == ("/data/play.db: plays", "SQLite")
    assert AuditEvent.objects.filter(verb="connection.claimed", product_id=product.pk).exists()


def test_ports_join_a_product_that_is_there_under_free_names(cast: Cast, store: Connection) -> None:
    make.make_port(cast.play_events, "plays")
    ports = claim_assets(
        actor=cast.owner, connection=store, assets=[asset(store, "plays")], product=cast.play_events
    )
    assert [port.name for port in ports] == ["plays-2"]


def test_all_or_nothing(cast: Cast, store: Connection) -> None:
    taken, elsewhere = asset(store, "taken"), make.make_asset(make.make_connection())
    make.make_port(cast.play_events, asset=taken)
    count = OutputPort.objects.count()
    for wrong in (taken, elsewhere, asset(store, "gone", vanished_at="2026-01-01T00:00:00Z")):
        wrong.refresh_from_db()
        with pytest.raises(Invalid):
            claim_assets(
                actor=cast.owner,
                connection=store,
                assets=[asset(store, f"good-{wrong.pk}"), wrong],
                product=NewProduct(cast.listening, "Plays"),
            )
    assert OutputPort.objects.count() == count
    assert not DataProduct.objects.filter(name="Plays").exists()


def test_cast_claims_only_what_their_team_runs(cast: Cast, store: Connection) -> None:
    for number, (name, user) in enumerate(cast.everybody().items()):
        found = [asset(store, f"table-{number}")]
        if name in ("owner", "admin"):
            assert claim_assets(actor=user, connection=store, assets=found, product=cast.play_events)
        else:
            with pytest.raises(NotAllowed):
                claim_assets(actor=user, connection=store, assets=found, product=cast.play_events)


def test_owner_of_the_store_cannot_add_to_a_foreign_product(cast: Cast, store: Connection) -> None:
    with pytest.raises(NotAllowed):
        claim_assets(
            actor=cast.owner, connection=store, assets=[asset(store, "x")], product=cast.playback_quality
        )
    assert cast.playback_quality not in claimable_products(cast.owner)
    assert cast.play_events in claimable_products(cast.owner)


def test_states_are_told_apart_and_ignoring_can_be_taken_back(cast: Cast, store: Connection) -> None:
    one, two, three = (asset(store, name) for name in ("one", "two", "three"))
    make.make_port(cast.play_events, asset=two)
    assert set_ignored(actor=cast.owner, connection=store, assets=[three], is_ignored=True) == 1
    assert list(assets_of(store)) == [one]
    assert list(assets_of(store, state="claimed")) == [two]
    assert list(assets_of(store, state="ignored")) == [three]
    assert assets_of(store, state="all").count() == 3
    assert set_ignored(actor=cast.owner, connection=store, assets=[three], is_ignored=False) == 1
    with pytest.raises(NotAllowed):
        set_ignored(actor=cast.consumer, connection=store, assets=[one], is_ignored=True)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("play.public.events", "events"),
        ("/data/lake/events/**/*.parquet", "events"),
        ("/data/plays.csv.gz", "plays"),
        ("api/v1/tracks?limit=5", "tracks"),
        ("plays", "plays"),
        ("*", "*"),
    ],
)
def test_assets_get_the_name_people_would_use(name: str, short: str) -> None:
    assert short_name(name) == short


def test_person_of_the_store_with_a_viewers_role_claims_nothing(cast: Cast, store: Connection) -> None:
    viewer: User = make.make_user()
    make.make_membership(viewer, Role.VIEWER, cast.listening_team)
    with pytest.raises(NotAllowed):
        claim_assets(actor=viewer, connection=store, assets=[asset(store, "x")], product=cast.play_events)
