"""History field by field, and restoring an older version as a new one."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.audit.models import AuditEvent
from catalog.common.errors import NotAllowed, NotFound, StaleRevision
from catalog.products import services
from catalog.products.history import history_rows, versions
from catalog.products.models import DataProduct
from catalog.vocabulary.models import Tag
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HISTORY = "/products/listening/skips/settings/history/"


@pytest.fixture
def edited(cast: Cast) -> DataProduct:
    """Four versions: made, described by the owner, then by the admin, then given another team."""
    product = services.create_product(
        actor=cast.owner, domain=cast.listening, name="Skips", tags=["audio"], region="eu"
    )
    product = services.edit_product(
        actor=cast.owner, product=product, purpose="Every skip.", tags=["audio", "mood"]
    )
    product = services.edit_product(
        actor=cast.admin, product=product, purpose="Some skips.", region="us", tags=[]
    )
    return services.edit_product(actor=cast.admin, product=product, team=cast.playback_team)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_versions_say_who_changed_what(cast: Cast, edited: DataProduct) -> None:
    rows = history_rows(edited)
    told = versions(rows[:10], rows, cast.admin)
    assert [version.actor for version in told] == ["Admin", "Admin", "Owner", "Owner"]
    assert {c.name: (c.before, c.after) for c in told[1].changes} == {
        "purpose": ("Every skip.", "Some skips."),
        "region": ("eu", "us"),
        "tags": ("audio, mood", ""),
    }
    assert [(c.name, c.before, c.after) for c in told[0].changes] == [
        ("team", "Listening team", "Playback team")
    ]
    assert (told[0].is_newest, told[3].is_first, told[3].changes) == (True, True, ())


def test_a_page_of_versions_compares_its_last_with_the_next_page(cast: Cast, edited: DataProduct) -> None:
    rows = history_rows(edited)
    assert [c.name for c in versions(rows[:2], rows, cast.admin)[1].changes] == ["purpose", "region", "tags"]


def test_restoring_makes_a_new_version_and_leaves_rights_and_address(cast: Cast, edited: DataProduct) -> None:
    old = history_rows(edited)[2]
    Tag.objects.filter(name="mood").delete()
    edited = services.rename_product(actor=cast.admin, product=edited, name="Jumps", slug="jumps")
    restored = services.restore_product(
        actor=cast.admin, product=edited, history_id=old.history_id, expected_revision=edited.revision
    )
    assert (restored.purpose, restored.region, restored.name) == ("Every skip.", "eu", "Skips")
    assert (restored.team, restored.slug) == (cast.playback_team, "jumps")
    assert [tag.name for tag in restored.tags.all()] == ["audio"]
    event = AuditEvent.objects.filter(verb="product.edited").first()
    assert event is not None
    assert event.detail["reason"].startswith("Restored the version of")
    assert history_rows(restored)[0].history_change_reason.startswith("Restored the version of")


def test_restoring_needs_the_right_the_revision_and_the_products_own_version(
    cast: Cast, edited: DataProduct
) -> None:
    old = history_rows(edited)[2].history_id
    with pytest.raises(NotAllowed):
        services.restore_product(actor=cast.consumer, product=edited, history_id=old)
    with pytest.raises(StaleRevision):
        services.restore_product(actor=cast.admin, product=edited, history_id=old, expected_revision=1)
    services.edit_product(actor=cast.admin, product=cast.play_events, purpose="x")
    foreign = cast.play_events.history.first().history_id
    with pytest.raises(NotFound):
        services.restore_product(actor=cast.admin, product=edited, history_id=foreign)


def test_the_history_page_restores(cast: Cast, edited: DataProduct) -> None:
    client = signed_in(cast.admin)
    page = client.get(HISTORY).content.decode()
    assert "Restore this version" in page
    assert "<del>" in page
    old = history_rows(edited)[2].history_id
    form = {"version": old, "revision": edited.revision}
    assert client.post(f"{HISTORY}restore/", form).status_code == 302
    assert DataProduct.objects.get(pk=edited.pk).purpose == "Every skip."
    assert client.post(f"{HISTORY}restore/", form).status_code == 409
    assert client.post(f"{HISTORY}restore/", {"version": "x"}).status_code == 404
    assert signed_in(cast.consumer).post(f"{HISTORY}restore/", form).status_code == 404


def test_ports_have_a_history_and_are_restored(cast: Cast) -> None:
    port = services.create_port(actor=cast.owner, product=cast.play_events, name="plays", title="Plays")
    services.edit_port(actor=cast.owner, port=port, title="All plays", location="s3://plays")
    client = signed_in(cast.owner)
    url = "/products/listening/play-events/ports/plays/1.0.0/history/"
    assert "s3://plays" in client.get(url).content.decode()
    first = port.history.last().history_id
    assert client.post(f"{url}restore/", {"version": first, "revision": 2}).status_code == 302
    port.refresh_from_db()
    assert (port.title, port.location, port.revision) == ("Plays", "", 3)


def test_a_long_history_asks_no_more_than_a_short_one(cast: Cast) -> None:
    client = signed_in(cast.owner)
    url = "/products/listening/play-events/settings/history/"
    product = cast.play_events

    def fill(number: int) -> int:
        nonlocal product
        for place in range(number):
            product = services.edit_product(
                actor=cast.owner, product=product, region=f"r{number}-{place}", tags=[f"t{place}"]
            )
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        return len(seen)

    fill(3)
    assert fill(2) == fill(15)


def test_activity_tells_it_in_sentences(cast: Cast, edited: DataProduct) -> None:
    make.make_port(edited)
    services.create_port(actor=cast.admin, product=edited, name="skips")
    page = signed_in(cast.admin).get("/products/listening/skips/activity/").content.decode()
    assert "made this product" in page
    assert "added the output port skips 1.0.0" in page
    assert "Every skip. → Some skips." in page


def test_history_and_activity_as_files(client: Client, cast: Cast) -> None:
    product = cast.play_events
    services.edit_product(actor=cast.owner, product=product, purpose="=1+1")
    client.force_login(cast.owner)
    history = client.get(f"/products/{product.key}/settings/history/?format=csv")
    lines = list(csv.DictReader(io.StringIO(history.getvalue().decode())))  # type: ignore[attr-defined]
    (change,) = [line for line in lines if line["field"] == "purpose"]
    assert (change["actor"], change["after"]) == (str(cast.owner), "'=1+1")
    activity = client.get(f"/products/{product.key}/activity/?format=csv")
    first = next(csv.DictReader(io.StringIO(activity.getvalue().decode())))  # type: ignore[attr-defined]
    assert first["what"] == "edited it"
    client.force_login(cast.guest)
    assert client.get(f"/products/{product.key}/activity/?format=csv").status_code == 404


def test_a_text_sent_as_browsers_send_it_is_not_changed(client: Client, cast: Cast) -> None:
    product = services.edit_product(
        actor=cast.owner,
        product=cast.play_events,
        description="## Made\n\nBy apps.",
        usage="Count.\nThen sum.",
    )
    form = {"purpose": "New", "description": "## Made\r\n\r\nBy apps.", "usage": "Count.\r\nThen sum."}
    client.force_login(cast.owner)
    path = f"{product.get_absolute_url()}settings/documentation/"
    assert client.post(path, form | {"revision": product.revision}).status_code == 302
    assert set(AuditEvent.objects.filter(verb="product.edited").latest("pk").changes) == {"purpose"}
