"""Datasets that only machines told of: claimed as draft ports, ignored, adopted by a crawl."""

from datetime import UTC, datetime

import pytest

from catalog.assets.models import Asset
from catalog.assets.services import SeenAsset, write_assets
from catalog.common.errors import Invalid, NotAllowed
from catalog.products.claim import NewProduct, assets_of, claim_assets, set_ignored
from lineage.datasets.naming import DatasetName
from lineage.datasets.permissions import visible_assets
from lineage.datasets.services import find_or_make_assets
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = [DatasetName("kafka://broker:9092", "plays"), DatasetName("postgres://db:5432", "shop.public.orders")]


@pytest.fixture
def told() -> list[Asset]:
    return list(
        Asset.objects.filter(pk__in=find_or_make_assets(NAMES, seen_at=NOW).values()).order_by("name")
    )


def test_datasets_in_quarantine_are_seen_by_those_who_may_claim_them(cast: Cast, told: list[Asset]) -> None:
    seen = {role: visible_assets(person).count() for role, person in cast.everybody().items() if person}
    assert (seen["owner"], seen["steward"], seen["admin"]) == (2, 2, 2)
    assert (seen["consumer"], seen["guest"]) == (0, 0)


def test_they_become_draft_ports_that_say_where_they_are(cast: Cast, told: list[Asset]) -> None:
    product = NewProduct(cast.play_events.domain, "From events")
    ports = claim_assets(actor=cast.owner, connection=None, assets=told, product=product)
    assert [(port.kind, port.connection, port.location) for port in ports] == [
        ("topic", None, "kafka://broker:9092/plays"),
        ("table", None, "postgres://db:5432/shop.public.orders"),
    ]
    assert ports[0].product.lifecycle == "draft"
    assert not assets_of(None).exists()
    assert visible_assets(cast.steward).count() == 0  # the draft is the owner's alone


def test_nobody_claims_what_is_not_theirs_to_claim(cast: Cast, told: list[Asset]) -> None:
    with pytest.raises(NotAllowed):
        claim_assets(actor=cast.consumer, connection=None, assets=told, product=cast.play_events)
    with pytest.raises(NotAllowed):
        claim_assets(actor=cast.steward, connection=None, assets=told, product=cast.play_events)
    with pytest.raises(Invalid):
        claim_assets(actor=cast.owner, connection=None, assets=[make.make_asset()], product=cast.play_events)


def test_ignored_ones_are_not_offered_until_noticed_again(cast: Cast, told: list[Asset]) -> None:
    assert set_ignored(actor=cast.owner, connection=None, assets=told, is_ignored=True) == 2
    assert not assets_of(None).exists()
    assert assets_of(None, state="ignored").count() == 2
    set_ignored(actor=cast.owner, connection=None, assets=told[:1], is_ignored=False)
    assert assets_of(None).count() == 1


def test_a_crawl_that_sees_one_later_takes_it_out_of_quarantine(told: list[Asset]) -> None:
    store = make.make_connection()
    write_assets(
        seen=[
            SeenAsset(
                connection_id=store.pk, namespace=NAMES[1].namespace, name=NAMES[1].name, kind="table",
                address={"table": "orders"}, comment="",
            )
        ],
        now=NOW,
    )  # fmt: skip
    asset = Asset.objects.get(name=NAMES[1].name)
    assert asset.connection == store
    assert list(assets_of(None)) == [Asset.objects.get(name="plays")]
