"""Output and input ports: identity, versions, checks, who may."""

from typing import Any

import pytest

from catalog.accounts.models import Role
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.products import services
from catalog.products.models import InputPort, OutputPort
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_a_port_is_made_with_history_audit_and_marks(cast: Cast) -> None:
    port = services.create_port(actor=cast.owner, product=cast.play_events, title="All plays", kind="table")
    assert (str(port), port.history.get().history_user) == ("all-plays 1.0.0", cast.owner)
    assert AuditEvent.objects.get(verb="port.created").product_id == cast.play_events.pk
    assert ChangeMark.objects.filter(kind="port", object_id=port.pk).exists()
    assert ChangeMark.objects.filter(kind="product", object_id=cast.play_events.pk).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "plays"},  # taken in this version
        {"name": "a/b"},
        {"name": "x", "version": "2"},
        {"name": "x", "kind": "carrier pigeon"},
        {"name": "x", "location": "l" * 1001},
    ],
)
def test_wrong_ports_are_refused(cast: Cast, fields: dict[str, Any]) -> None:
    make.make_port(cast.play_events, "plays")
    with pytest.raises(Invalid):
        services.create_port(actor=cast.owner, product=cast.play_events, **fields)
    assert OutputPort.objects.count() == 1


def test_a_new_version_is_described_alike_and_stands_beside(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays", title="Plays", format="parquet", location="s3://x/1")
    second = services.new_port_version(actor=cast.owner, port=port, version="2.0.0", location="s3://x/2")
    assert (second.name, second.format, second.location) == ("plays", "parquet", "s3://x/2")
    with pytest.raises(Invalid):
        services.new_port_version(actor=cast.owner, port=port, version="2.0.0")


def test_published_ports_keep_their_identity_and_drafts_do_not(cast: Cast) -> None:
    draft = make.make_product(domain=cast.listening, lifecycle="draft")
    port = services.edit_port(actor=cast.owner, port=make.make_port(draft, "x"), name="y", version="0.9.0")
    assert str(port) == "y 0.9.0"
    cast.play_events.published_at = cast.play_events.created_at
    cast.play_events.save()
    published = make.make_port(cast.play_events, "plays")
    with pytest.raises(Conflict):
        services.edit_port(actor=cast.owner, port=published, name="other")
    with pytest.raises(Conflict):
        services.delete_port(actor=cast.owner, port=published)
    services.delete_port(actor=cast.owner, port=port)
    assert not OutputPort.objects.filter(pk=port.pk).exists()


def test_the_second_of_two_port_editors_is_told(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays")
    services.edit_port(actor=cast.owner, port=port, title="First", expected_revision=1)
    with pytest.raises(Conflict, match="Owner changed title"):
        services.edit_port(actor=cast.admin, port=port, title="Second", expected_revision=1)


def test_only_those_who_run_a_store_offer_what_is_in_it(cast: Cast) -> None:
    foreign = make.make_connection(team=cast.playback_team)
    with pytest.raises(NotAllowed):
        services.create_port(actor=cast.owner, product=cast.play_events, name="x", connection=foreign)
    make.make_membership(cast.owner, Role.TECHNICAL_OWNER, cast.playback_team)
    owner = type(cast.owner).objects.get(pk=cast.owner.pk)
    asset = make.make_asset(foreign)
    port = services.create_port(actor=owner, product=cast.play_events, name="x", asset=asset)
    assert port.connection == foreign
    with pytest.raises(Invalid):
        services.edit_port(actor=owner, port=port, connection=make.make_connection(team=cast.listening_team))


def test_products_feed_each_other_but_not_themselves_or_twice(cast: Cast) -> None:
    plays, quality = (
        make.make_port(cast.play_events, "plays"),
        make.make_port(cast.playback_quality, "quality"),
    )
    forth = services.add_input_port(actor=cast.owner, product=cast.play_events, upstream_port=quality)
    services.add_input_port(actor=cast.steward, product=cast.playback_quality, upstream_port=plays)
    assert forth.name == "playback-quality-quality"
    for fields in (
        {"upstream_port": plays},
        {"upstream_port": quality, "name": "again"},
        {},
        {"reference": " "},
    ):
        with pytest.raises(Invalid):
            services.add_input_port(actor=cast.owner, product=cast.play_events, **fields)
    assert InputPort.objects.count() == 2


def test_an_invisible_upstream_port_does_not_exist(cast: Cast) -> None:
    hidden = make.make_port(make.make_product(domain=cast.playback, visibility="private"))
    with pytest.raises(Invalid, match="no such output port"):
        services.add_input_port(actor=cast.owner, product=cast.play_events, upstream_port=hidden)


def test_input_ports_by_reference_are_edited_and_removed_with_audit(cast: Cast) -> None:
    port = services.add_input_port(actor=cast.owner, product=cast.play_events, reference="urn:crm:accounts")
    services.edit_input_port(actor=cast.owner, input_port=port, description="Nightly copy")
    services.remove_input_port(actor=cast.owner, input_port=port)
    verbs = list(AuditEvent.objects.of_product(cast.play_events.pk).values_list("verb", flat=True))
    assert verbs == ["input_port.removed", "input_port.edited", "input_port.added"]
