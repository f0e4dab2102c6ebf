"""Tags and classifications: one word per meaning, kept by those who govern."""

import pytest

from catalog.accounts.models import Role
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.vocabulary import services
from catalog.vocabulary.models import Classification, Tag
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_names_that_differ_in_capitals_and_blanks_are_one_tag() -> None:
    first = services.tags_named(["Größe", " größe ", "GRÖSSE", "", "  "])
    assert [tag.name for tag in first] == ["Größe"]
    assert services.tags_named(["grösse"]) == first


def test_tags_of_every_script_are_kept_apart() -> None:
    tags = services.tags_named(["音", "🎵", "🎶", "a/b", "ab"])
    assert len({tag.slug for tag in tags}) == 5


@pytest.mark.parametrize("name", ["owner", "steward", "consumer", "guest"])
def test_only_those_who_govern_keep_the_words(cast: Cast, name: str) -> None:
    actor = getattr(cast, name)
    tag, other = services.tags_named(["one", "two"])
    word = services.create_classification(actor=None, name="Internal")
    for attempt in (
        lambda: services.rename_tag(actor=actor, tag=tag, name="x"),
        lambda: services.merge_tags(actor=actor, tag=tag, into=other),
        lambda: services.delete_tag(actor=actor, tag=tag),
        lambda: services.create_classification(actor=actor, name="x"),
        lambda: services.edit_classification(actor=actor, classification=word, name="x"),
        lambda: services.delete_classification(actor=actor, classification=word),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_governance_keeps_the_words_without_being_admin(cast: Cast) -> None:
    governor = make.make_user("governor")
    make.make_membership(governor, Role.GOVERNANCE)
    (tag,) = services.tags_named(["one"])
    assert services.rename_tag(actor=governor, tag=tag, name="uno").name == "uno"


def test_renaming_to_an_existing_word_is_refused_and_merging_moves_the_products(cast: Cast) -> None:
    audio, sound = services.tags_named(["audio", "sound"])
    cast.play_events.tags.add(audio)
    cast.playback_quality.tags.add(audio, sound)
    with pytest.raises(Conflict):
        services.rename_tag(actor=cast.admin, tag=audio, name="SOUND")
    ChangeMark.objects.all().delete()
    services.merge_tags(actor=cast.admin, tag=audio, into=sound)
    assert not Tag.objects.filter(name="audio").exists()
    assert sound.products.count() == 2
    marked = ChangeMark.objects.filter(kind="product").values_list("object_id", flat=True)
    assert set(marked) == {cast.play_events.pk, cast.playback_quality.pk}
    with pytest.raises(Invalid):
        services.merge_tags(actor=cast.admin, tag=sound, into=sound)


def test_tags_of_private_products_are_seen_only_with_them(cast: Cast) -> None:
    (secret,) = services.tags_named(["project-x"])
    make.make_product(domain=cast.playback, visibility="private").tags.add(secret)
    assert secret not in Tag.objects.visible_to(cast.owner)
    assert secret in Tag.objects.visible_to(cast.steward)
    assert secret in Tag.objects.visible_to(cast.admin)
    assert not Tag.objects.visible_to(cast.guest).exists()


def test_a_classification_in_use_stays(cast: Cast) -> None:
    word = services.create_classification(actor=cast.admin, name="Confidential", rank=2, is_personal=True)
    cast.play_events.classification = word
    cast.play_events.save()
    with pytest.raises(Conflict):
        services.delete_classification(actor=cast.admin, classification=word)
    services.edit_classification(actor=cast.admin, classification=word, rank=3)
    event = AuditEvent.objects.get(verb="classification.edited")
    assert event.changes == {"rank": [2, 3]}
    assert ChangeMark.objects.filter(kind="product", object_id=cast.play_events.pk).exists()
    cast.play_events.classification = None
    cast.play_events.save()
    services.delete_classification(actor=cast.admin, classification=word)
    assert not Classification.objects.exists()
