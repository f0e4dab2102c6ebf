"""Writing products: who may, what is checked, what is left behind (history, audit, index marks, redirects)."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import Conflict, Invalid, NotAllowed, NotFound
from catalog.common.models import OldAddress
from catalog.products import services
from catalog.products.addresses import Moved, find_product
from catalog.products.models import DataProduct, Stewardship
from catalog.products.signals import lifecycle_changed, products_changed
from catalog.vocabulary.models import Tag
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def paths(error: Invalid) -> set[str]:
    return {problem.path for problem in error.problems}


@pytest.fixture
def draft(cast: Cast) -> DataProduct:
    return services.create_product(actor=cast.owner, domain=cast.listening, name="Skips")


def ready(draft: DataProduct, cast: Cast) -> DataProduct:
    make.make_stewardship(draft, cast.owner, "business_owner")
    make.make_stewardship(draft, cast.owner, "technical_owner")
    make.make_port(draft, "skips")
    return services.edit_product(actor=cast.owner, product=draft, purpose="Every skip of a track.")


@pytest.mark.parametrize("name", ["steward", "consumer", "guest"])
def test_strangers_to_the_domain_create_nothing(cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed):
        services.create_product(actor=getattr(cast, name), domain=cast.listening, name="Skips")
    assert not DataProduct.objects.filter(name="Skips").exists()


@pytest.mark.parametrize("name", ["owner", "admin"])
def test_owners_of_the_domain_and_admins_create_drafts(cast: Cast, name: str) -> None:
    product = services.create_product(
        actor=getattr(cast, name), domain=cast.listening, name="Skips", tags=["Audio", "audio ", "churn"]
    )
    assert (product.lifecycle, product.slug, product.team) == ("draft", "skips", cast.listening_team)
    assert sorted(tag.name for tag in product.tags.all()) == ["Audio", "churn"]
    assert ChangeMark.objects.filter(kind="product", object_id=product.pk).exists()
    event = AuditEvent.objects.get(verb="product.created")
    assert (event.actor, event.changes["name"]) == (getattr(cast, name), [None, "Skips"])


def test_a_new_product_has_one_history_row_with_its_tags_and_author(cast: Cast) -> None:
    product = services.create_product(
        actor=cast.owner, domain=cast.listening, name="Skips", tags=["audio", "churn"]
    )
    row = product.history.get()
    assert (row.history_type, row.history_user) == ("+", cast.owner)
    assert row.tags.count() == 2
    services.edit_product(actor=cast.admin, product=product, tags=["audio", "mood"], region="eu-north")
    newest = product.history.first()
    assert product.history.count() == 2
    assert (newest.history_type, newest.history_user, newest.tags.count()) == ("~", cast.admin, 2)


def test_names_of_every_script_get_free_addresses(cast: Cast) -> None:
    for name in ("再生", "再生", "🎧", "🎧", "a/b", 'O\'Hara "x"', "<b>"):
        services.create_product(actor=cast.owner, domain=cast.listening, name=name)
    slugs = set(DataProduct.objects.filter(domain=cast.listening).values_list("slug", flat=True))
    assert slugs == {"play-events", "再生", "再生-2", "product", "product-2", "ab", "ohara-x", "b"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x", "slug": "a/b"}, "slug"),
        ({"name": "x", "slug": "play-events"}, "slug"),
        ({"name": "x", "version": "one"}, "version"),
        ({"name": "x", "archetype": "nonsense"}, "archetype"),
        ({"name": "x", "links": [{"label": "l", "url": "javascript:alert(1)"}]}, "links"),
        ({"name": "x", "links": {"url": "https://a.example"}}, "links"),
        ({"name": "x", "support": [{"url": "https://a.example"}]}, "support"),
        ({"name": "x", "lifecycle": "active"}, "lifecycle"),
        ({"name": "x", "tags": ["t" * 81]}, "tags"),
    ],
)
def test_wrong_input_is_refused_by_field_and_leaves_nothing(
    cast: Cast, fields: dict[str, Any], path: str
) -> None:
    before = DataProduct.objects.count(), AuditEvent.objects.count(), Tag.objects.count()
    with pytest.raises(Invalid) as caught:
        services.create_product(actor=cast.owner, domain=cast.listening, **fields)
    assert path in paths(caught.value)
    assert (DataProduct.objects.count(), AuditEvent.objects.count(), Tag.objects.count()) == before


def test_a_product_is_not_dumped_on_a_strangers_team(cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        services.create_product(actor=cast.owner, domain=cast.listening, name="x", team=cast.playback_team)
    assert paths(caught.value) == {"team"}


def test_an_edit_records_what_changed_and_by_whom(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[int] = []

    def hear(product_ids: set[int], **_: Any) -> None:
        heard.extend(product_ids)

    products_changed.connect(hear)
    port = make.make_port(cast.play_events)
    with django_capture_on_commit_callbacks(execute=True):
        product = services.edit_product(
            actor=cast.owner, product=cast.play_events, purpose="Plays.", expected_revision=1
        )
    products_changed.disconnect(hear)
    event = AuditEvent.objects.get(verb="product.edited")
    assert event.changes == {"purpose": ["", "Plays."]}
    assert (product.revision, event.product_id, heard) == (2, product.pk, [product.pk])
    assert ChangeMark.objects.filter(kind="port", object_id=port.pk).exists()


def test_an_edit_that_changes_nothing_leaves_no_trace(cast: Cast) -> None:
    product = services.edit_product(actor=cast.owner, product=cast.play_events, name="Play events")
    assert product.revision == 1
    assert not AuditEvent.objects.exists()


def test_the_second_of_two_editors_is_told_who_was_first_and_changes_nothing(cast: Cast) -> None:
    services.edit_product(actor=cast.owner, product=cast.play_events, purpose="First", expected_revision=1)
    with pytest.raises(Conflict, match="Owner changed purpose"):
        services.edit_product(
            actor=cast.admin, product=cast.play_events, purpose="Second", expected_revision=1
        )
    cast.play_events.refresh_from_db()
    assert (cast.play_events.purpose, cast.play_events.revision) == ("First", 2)


@pytest.mark.parametrize("fields", [{"visibility": "private"}, {"team": None}])
def test_a_steward_describes_but_decides_neither_team_nor_visibility(cast: Cast, fields: Any) -> None:
    services.edit_product(actor=cast.steward, product=cast.playback_quality, purpose="How well it plays.")
    with pytest.raises(NotAllowed):
        services.edit_product(actor=cast.steward, product=cast.playback_quality, **fields)
    with pytest.raises(NotAllowed):
        services.set_stewards(
            actor=cast.steward, product=cast.playback_quality, role="business_owner", users=[cast.steward]
        )


@pytest.mark.parametrize("name", ["steward", "consumer", "guest"])
def test_strangers_edit_nothing_of_a_product(cast: Cast, name: str) -> None:
    actor, product = getattr(cast, name), cast.play_events
    port = make.make_port(product, "plays")
    source = make.make_port(cast.playback_quality, "quality")
    declared = make.make_input_port(product, source)
    attempts = [
        lambda: services.edit_product(actor=actor, product=product, purpose="x"),
        lambda: services.change_lifecycle(actor=actor, product=product, step="deprecated", reason="x"),
        lambda: services.rename_product(actor=actor, product=product, name="x"),
        lambda: services.move_product(actor=actor, product=product, domain=cast.playback),
        lambda: services.delete_draft(actor=actor, product=product),
        lambda: services.set_stewards(actor=actor, product=product, role="steward", users=[actor]),
        lambda: services.create_port(actor=actor, product=product, name="x"),
        lambda: services.edit_port(actor=actor, port=port, title="x"),
        lambda: services.new_port_version(actor=actor, port=port, version="2.0.0"),
        lambda: services.delete_port(actor=actor, port=port),
        lambda: services.add_input_port(actor=actor, product=product, reference="x"),
        lambda: services.edit_input_port(actor=actor, input_port=declared, description="x"),
        lambda: services.remove_input_port(actor=actor, input_port=declared),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()
    assert not AuditEvent.objects.exists()


def test_publishing_says_what_is_missing_then_publishes(cast: Cast, draft: DataProduct) -> None:
    with pytest.raises(Invalid) as caught:
        services.change_lifecycle(actor=cast.owner, product=draft, step="active")
    assert paths(caught.value) == {"business_owner", "technical_owner", "purpose", "output_ports"}
    product = services.change_lifecycle(actor=cast.owner, product=ready(draft, cast), step="active")
    assert product.lifecycle == "active"
    assert product.published_at is not None
    assert AuditEvent.objects.get(verb="product.published").changes == {"lifecycle": ["draft", "active"]}


def test_a_deactivated_owner_does_not_count_for_publishing(cast: Cast, draft: DataProduct) -> None:
    gone = make.make_user("gone", is_active=False)
    product = ready(draft, cast)
    Stewardship.objects.filter(product=product, role="technical_owner").update(user=gone)
    with pytest.raises(Invalid) as caught:
        services.change_lifecycle(actor=cast.owner, product=product, step="active")
    assert paths(caught.value) == {"technical_owner"}


def test_a_steward_does_not_publish(cast: Cast) -> None:
    draft = make.make_product("Stalls", domain=cast.playback, lifecycle="draft")
    with pytest.raises(NotAllowed):
        services.change_lifecycle(actor=cast.steward, product=draft, step="active")
    assert (
        services.change_lifecycle(actor=cast.steward, product=draft, step="proposed").lifecycle == "proposed"
    )


def test_the_whole_life_of_a_product(
    cast: Cast, draft: DataProduct, django_capture_on_commit_callbacks: Any
) -> None:
    steps: list[tuple[str, str]] = []

    def hear(before: str, after: str, **_: Any) -> None:
        steps.append((before, after))

    lifecycle_changed.connect(hear)
    soon = timezone.localdate() + dt.timedelta(days=90)
    with django_capture_on_commit_callbacks(execute=True):
        product = services.change_lifecycle(actor=cast.owner, product=ready(draft, cast), step="active")
        product = services.change_lifecycle(
            actor=cast.owner, product=product, step="deprecated", successor=cast.play_events, sunset_at=soon
        )
        assert (product.successor, product.sunset_at) == (cast.play_events, soon)
        with pytest.raises(Invalid):
            services.change_lifecycle(actor=cast.owner, product=product, step="retired")
        product = services.change_lifecycle(actor=cast.owner, product=product, step="retired", reason="gone")
    lifecycle_changed.disconnect(hear)
    assert (product.lifecycle, product.lifecycle_note) == ("retired", "gone")
    assert steps == [("draft", "active"), ("active", "deprecated"), ("deprecated", "retired")]


@pytest.mark.parametrize("which", ["itself", "a draft", "an invisible one"])
def test_a_successor_is_another_published_product_one_may_see(cast: Cast, which: str) -> None:
    successor = {
        "itself": cast.play_events,
        "a draft": make.make_product(domain=cast.listening, lifecycle="draft"),
        "an invisible one": make.make_product(domain=cast.playback, visibility="private"),
    }[which]
    with pytest.raises(Invalid) as caught:
        services.change_lifecycle(
            actor=cast.owner,
            product=cast.play_events,
            step="deprecated",
            successor=successor,
            sunset_at=timezone.localdate(),
        )
    assert paths(caught.value) == {"successor"}


def test_only_what_never_was_published_is_deleted(cast: Cast, draft: DataProduct) -> None:
    with pytest.raises(Conflict):
        services.delete_draft(actor=cast.owner, product=cast.play_events)
    services.delete_draft(actor=cast.owner, product=draft)
    assert not DataProduct.objects.filter(pk=draft.pk).exists()
    assert AuditEvent.objects.get(verb="product.deleted").object_name == "Skips"


def test_old_addresses_lead_to_a_renamed_and_moved_product(cast: Cast) -> None:
    product = services.rename_product(actor=cast.admin, product=cast.play_events, name="Plays", slug="plays")
    product = services.move_product(actor=cast.admin, product=product, domain=cast.playback)
    assert product.key == "playback/plays"
    for domain, slug in (("listening", "play-events"), ("listening", "plays")):
        with pytest.raises(Moved) as caught:
            find_product(cast.consumer, domain, slug)
        assert caught.value.product == product
    product = services.move_product(actor=cast.admin, product=product, domain=cast.listening)
    assert find_product(cast.consumer, "listening", "plays") == product
    assert not OldAddress.objects.filter(address="listening/plays").exists()


def test_an_old_address_tells_a_stranger_nothing(cast: Cast) -> None:
    services.rename_product(actor=cast.admin, product=cast.play_events, slug="plays")
    services.edit_product(actor=cast.admin, product=cast.play_events, visibility="private")
    with pytest.raises(NotFound):
        find_product(cast.consumer, "listening", "play-events")


def test_addresses_in_use_or_redirected_are_refused(cast: Cast, draft: DataProduct) -> None:
    for slug in ("play-events", "a b", "x/y"):
        with pytest.raises(Invalid) as caught:
            services.rename_product(actor=cast.owner, product=draft, slug=slug)
        assert paths(caught.value) == {"slug"}
    services.rename_product(actor=cast.owner, product=cast.play_events, slug="plays")
    with pytest.raises(Invalid):
        services.rename_product(actor=cast.owner, product=draft, slug="play-events")
    make.make_product("Skips", domain=cast.playback)
    with pytest.raises(Invalid):
        services.move_product(actor=cast.admin, product=draft, domain=cast.playback)


def test_moving_needs_a_say_at_both_ends(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        services.move_product(actor=cast.owner, product=cast.play_events, domain=cast.playback)


def test_people_are_named_replaced_and_kept(cast: Cast) -> None:
    product = services.set_stewards(
        actor=cast.owner, product=cast.play_events, role="steward", users=[cast.steward, cast.consumer]
    )
    assert product.stewardships.filter(role="steward").count() == 2
    services.set_stewards(actor=cast.owner, product=product, role="steward", users=[cast.consumer])
    event = AuditEvent.objects.filter(verb="product.people_named").first()
    assert event is not None
    assert event.changes == {"steward": [["Consumer", "Steward"], ["Consumer"]]}
    with pytest.raises(Conflict):
        services.set_stewards(actor=cast.owner, product=product, role="business_owner", users=[])
    with pytest.raises(Invalid):
        services.set_stewards(
            actor=cast.owner, product=product, role="steward", users=[make.make_user(is_active=False)]
        )
    with pytest.raises(Invalid):
        services.set_stewards(actor=cast.owner, product=product, role="king", users=[])
