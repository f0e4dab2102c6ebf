"""The home page: what each of the cast finds there, and that nothing private shows."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.accounts.models import Role
from catalog.audit import services as audit
from catalog.products.models import DataProduct
from catalog.vocabulary.models import Tag
from tests import factories as make
from tests.conftest import Cast


def home(client: Client, user: object) -> str:
    client.force_login(user)  # type: ignore[arg-type]
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def test_owner_finds_own_products_and_those_of_the_team(client: Client, cast: Cast) -> None:
    make.make_product("Device inventory", domain=cast.listening)
    html = home(client, cast.owner)
    assert "Your products" in html
    assert "Device inventory" in html


def test_newcomer_reads_how_to_browse_ask_and_publish(client: Client, cast: Cast) -> None:
    html = home(client, cast.consumer)
    for word in ("Browse", "Ask", "Publish"):
        assert f"<strong>{word}</strong>" in html


def test_only_those_who_may_make_products_are_led_to_the_form(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    assert "/products/new/" not in client.get("/").content.decode()
    newcomer = make.make_user("newcomer")
    make.make_membership(newcomer, Role.TECHNICAL_OWNER, make.make_team())
    client.force_login(newcomer)
    assert "/products/new/" in client.get("/").content.decode()


def test_guest_is_told_what_to_do_and_sees_no_name(client: Client, cast: Cast) -> None:
    html = home(client, cast.guest)
    assert "belong to no team yet" in html
    for name in ("Play events", "Listening", "Playback", "Daff", "Owner"):
        assert name not in html, name


def test_changes_of_hidden_products_are_not_told(client: Client, cast: Cast) -> None:
    hidden = make.make_product("Hidden plan", domain=cast.listening, visibility="private")
    for product in (hidden, cast.play_events):
        audit.record(actor=cast.owner, verb="product.edited", obj=product, product_id=product.pk)
    assert "Hidden plan" not in home(client, cast.consumer)
    html = home(client, cast.consumer)
    assert "Owner edited" in html
    assert "Hidden plan" in home(client, cast.admin)


def test_several_edits_of_one_product_are_told_once(client: Client, cast: Cast) -> None:
    for _ in range(4):
        audit.record(
            actor=cast.owner, verb="product.edited", obj=cast.play_events, product_id=cast.play_events.pk
        )
    assert home(client, cast.consumer).count("Owner edited") == 1


def test_examples_are_of_what_the_reader_may_see(client: Client, cast: Cast) -> None:
    hidden = make.make_product("Hidden plan", domain=cast.listening, visibility="private")
    for product, name in ((hidden, "secretive"), (cast.play_events, "open")):
        product.tags.add(Tag.objects.create(name=name, slug=name))
    schema = make.make_schema(make.make_asset(), {"customer_email": "string"})
    make.make_port(hidden, asset=schema.asset)
    html = home(client, cast.consumer)
    assert "tag:open" in html
    assert "secretive" not in html
    assert "customer_email" not in html
    assert "column:customer_email" in home(client, cast.admin)


def test_administrator_of_an_empty_portal_sees_the_first_steps_ticked_off(client: Client, cast: Cast) -> None:
    assert "Four steps" not in home(client, cast.admin)
    DataProduct.objects.all().delete()
    html = home(client, cast.admin)
    assert "Four steps" in html
    assert "2 of 4 done" in html
    assert "Four steps" not in home(client, cast.owner)


def test_queries_do_not_grow_with_the_mesh(client: Client, cast: Cast) -> None:
    counts = []
    for size in (10, 50):  # more than one page of each list both times
        for _ in range(size):
            product = make.make_product(domain=make.make_domain(team=cast.listening_team))
            make.make_port(product)
            make.make_stewardship(product, cast.owner)
            audit.record(actor=cast.owner, verb="product.edited", obj=product, product_id=product.pk)
        client.force_login(cast.owner)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 22, counts
