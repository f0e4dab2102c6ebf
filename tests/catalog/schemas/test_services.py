"""What people say of fields: who may, what is kept, and that values are forgotten at once."""

from datetime import UTC, datetime

import pytest

from catalog.assets.models import Asset
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import NotAllowed, NotFound, StaleRevision
from catalog.products.models import OutputPort
from catalog.products.services import edit_product
from catalog.schemas.models import FieldAnnotation, FieldProfile
from catalog.schemas.services import annotate_field
from catalog.vocabulary.models import Classification
from catalog.vocabulary.signals import classification_changed
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def asset(cast: Cast) -> Asset:
    found = make.make_asset(make.make_connection(team=cast.listening_team), "plays")
    make.make_schema(
        found, {"user": "object", "user.age": "integer", "username": "string", "seconds": "integer"}
    )
    for path in ("user.age", "username", "seconds"):
        FieldProfile.objects.create(
            asset=found,
            path=path,
            profiled_at=datetime(2026, 3, 1, tzinfo=UTC),
            row_count=100,
            null_share=0.5,
            distinct_estimate=9,
            minimum="1",
            maximum="99",
            mean=40.5,
            histogram=[[1, 99, 100]],
            top_values=[["7", 12]],
        )
    return found


@pytest.fixture
def port(cast: Cast, asset: Asset) -> OutputPort:
    return make.make_port(cast.play_events, "plays", asset=asset)


@pytest.fixture
def personal() -> Classification:
    return Classification.objects.create(name="Personal", slug="personal", is_personal=True)


def kept(asset: Asset) -> set[str]:
    """Paths whose values are still there."""
    rows = FieldProfile.objects.filter(asset=asset)
    return {
        row.path for row in rows if row.minimum or row.maximum or row.mean or row.histogram or row.top_values
    }


@pytest.mark.parametrize(
    ("name", "may"),
    [("owner", True), ("steward", False), ("consumer", False), ("guest", False), ("admin", True)],
)
def test_who_may_describe_a_field(cast: Cast, asset: Asset, port: OutputPort, name: str, may: bool) -> None:
    person = cast.everybody()[name]
    if may:
        assert annotate_field(actor=person, asset=asset, path="seconds", description="Length").revision == 1
    else:
        with pytest.raises(NotAllowed):
            annotate_field(actor=person, asset=asset, path="seconds", description="Length")
        assert not FieldAnnotation.objects.exists()


def test_classifying_as_personal_forgets_the_values_below_at_once(
    cast: Cast, asset: Asset, port: OutputPort, personal: Classification
) -> None:
    annotate_field(actor=cast.owner, asset=asset, path="user", classification=personal)
    assert kept(asset) == {"username", "seconds"}  # `username` only begins with the same letters
    profile = FieldProfile.objects.get(path="user.age")
    assert (profile.null_share, profile.distinct_estimate) == (0.5, 9)
    assert profile.withheld_because == "It is classified as personal."
    assert {mark.kind for mark in ChangeMark.objects.all()} == {"port", "product"}
    events = str(list(AuditEvent.objects.values()))
    assert "40.5" not in events


def test_taking_a_release_back_forgets_the_values(cast: Cast, asset: Asset, port: OutputPort) -> None:
    annotate_field(actor=cast.owner, asset=asset, path="username", is_released=True)
    assert "username" in kept(asset)
    annotate_field(actor=cast.owner, asset=asset, path="username", is_released=False)
    assert kept(asset) == {"user.age", "seconds"}


def test_personal_field_cannot_be_released(
    cast: Cast, asset: Asset, port: OutputPort, personal: Classification
) -> None:
    said = annotate_field(
        actor=cast.owner, asset=asset, path="username", classification=personal, is_released=True
    )
    assert not said.is_released
    assert "username" not in kept(asset)


def test_values_of_shared_data_are_released_by_all_its_owners(
    cast: Cast, asset: Asset, port: OutputPort
) -> None:
    make.make_port(cast.playback_quality, "plays", asset=asset)
    with pytest.raises(NotAllowed, match="Another product"):
        annotate_field(actor=cast.owner, asset=asset, path="username", is_released=True)
    annotate_field(actor=cast.steward, asset=asset, path="username", description="Who")
    assert annotate_field(actor=cast.admin, asset=asset, path="username", is_released=True).is_released


def test_classification_that_becomes_personal_forgets_the_values(
    cast: Cast, asset: Asset, port: OutputPort
) -> None:
    internal = Classification.objects.create(name="Internal", slug="internal")
    annotate_field(actor=cast.owner, asset=asset, path="seconds", classification=internal)
    assert "seconds" in kept(asset)
    internal.is_personal = True
    internal.save()
    classification_changed.send(sender=Classification, classification=internal)
    assert "seconds" not in kept(asset)


def test_product_that_becomes_personal_keeps_only_released_values(
    cast: Cast,
    asset: Asset,
    port: OutputPort,
    personal: Classification,
    django_capture_on_commit_callbacks: object,
) -> None:
    annotate_field(actor=cast.owner, asset=asset, path="username", is_released=True)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        edit_product(actor=cast.owner, product=cast.play_events, classification=personal)
    assert kept(asset) == {"username"}


def test_second_of_two_editors_is_told(cast: Cast, asset: Asset, port: OutputPort) -> None:
    first = annotate_field(actor=cast.owner, asset=asset, path="seconds", description="Length")
    annotate_field(
        actor=cast.admin, asset=asset, path="seconds", expected_revision=first.revision, description="Played"
    )
    with pytest.raises(StaleRevision):
        annotate_field(
            actor=cast.owner,
            asset=asset,
            path="seconds",
            expected_revision=first.revision,
            description="Mine",
        )
    assert FieldAnnotation.objects.get().description == "Played"


def test_field_that_is_not_there_is_not_found(cast: Cast, asset: Asset, port: OutputPort) -> None:
    with pytest.raises(NotFound):
        annotate_field(actor=cast.owner, asset=asset, path="nowhere", description="?")
    assert not FieldAnnotation.objects.exists()


def test_event_names_who_changed_what(cast: Cast, asset: Asset, port: OutputPort) -> None:
    annotate_field(actor=cast.owner, asset=asset, path="seconds", description="Length")
    event = AuditEvent.objects.get(verb="field.annotated")
    assert (event.actor, event.product_id) == (cast.owner, cast.play_events.pk)
    assert event.changes == {"description": ["", "Length"]}
