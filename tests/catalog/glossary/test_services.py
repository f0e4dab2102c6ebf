"""Terms and links: where names are unique, who keeps them, how they end, what they are linked to."""

from typing import Any

import pytest

from catalog.accounts import kernel
from catalog.accounts.models import Role
from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed, NotFound, StaleRevision
from catalog.domains.services import delete_domain
from catalog.glossary import linking, services
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.products.models import OutputPort
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script> 🎵 \'; DROP'


def test_name_is_unique_where_it_holds_and_addresses_in_the_mesh(cast: Cast, play: GlossaryTerm) -> None:
    own = services.create_term(actor=cast.admin, name="PLAY ", domain=cast.listening)
    assert (play.slug, own.slug) == ("play", "play-listening")
    other = services.create_term(actor=cast.steward, name="Play", domain=cast.playback)
    assert other.slug == "play-playback"
    for domain in (None, cast.listening):
        with pytest.raises(Invalid) as caught:
            services.create_term(actor=cast.admin, name="  pLaY", domain=domain)
        assert [problem.path for problem in caught.value.problems] == ["name"]
    assert GlossaryTerm.objects.count() == 3


@pytest.mark.parametrize("name", [HOSTILE, "🎵🎵", "new", "import", "x" * 120, "Ǆ ﬃ Ω"])
def test_hostile_names_are_kept_and_get_an_address(cast: Cast, name: str) -> None:
    term = services.create_term(
        actor=cast.admin, name=name, synonyms=[name, "a\nb", " a  b "], state="approved"
    )
    assert term.name == name
    assert term.synonyms == ["a b"]
    assert term.slug not in services.RESERVED_SLUGS
    assert GlossaryTerm.objects.named([name.upper()]).get() == term
    assert GlossaryTerm.objects.named(["A B"]).get() == term


@pytest.mark.parametrize("synonyms", [["x" * 121], [3], "Stream", [str(n) for n in range(31)]])
def test_synonyms_are_a_few_short_names(cast: Cast, synonyms: Any) -> None:
    with pytest.raises(Invalid) as caught:
        services.create_term(actor=cast.admin, name="Play", synonyms=synonyms)
    assert [problem.path for problem in caught.value.problems] == ["synonyms"]


def test_mesh_words_are_governances_and_a_domains_its_keepers(cast: Cast, play: GlossaryTerm) -> None:
    keeper = make.make_user("hana")
    make.make_membership(keeper, Role.GOVERNANCE)
    services.edit_term(actor=keeper, term=play, definition="Heard.")
    for person in (cast.owner, cast.steward, cast.consumer, cast.guest):
        with pytest.raises(NotAllowed):
            services.create_term(actor=person, name="Skip")
        with pytest.raises(NotAllowed):
            services.edit_term(actor=person, term=play, definition="Mine.")
    stall = services.create_term(actor=cast.steward, name="Stall", domain=cast.playback)
    with pytest.raises(NotAllowed):
        services.create_term(actor=cast.steward, name="Skip", domain=cast.listening)
    with pytest.raises(NotAllowed):
        services.edit_term(actor=cast.steward, term=stall, domain=None)
    assert GlossaryTerm.objects.get(pk=stall.pk).domain == cast.playback


def test_steward_named_on_a_term_keeps_it(cast: Cast, play: GlossaryTerm) -> None:
    services.edit_term(actor=cast.admin, term=play, steward=cast.consumer)
    play.refresh_from_db()
    services.edit_term(actor=cast.consumer, term=play, definition="Heard for long.")
    services.edit_term(actor=cast.admin, term=play, steward=cast.guest)
    play.refresh_from_db()
    assert not kernel.can(cast.guest, "term.edit", play)  # no part in the mesh


def test_drafts_are_read_by_their_keepers_and_never_come_back(cast: Cast, play: GlossaryTerm) -> None:
    draft = services.create_term(actor=cast.steward, name="Stall", domain=cast.playback)
    read = {name: draft in GlossaryTerm.objects.visible_to(who) for name, who in cast.everybody().items()}
    assert read == {"owner": False, "steward": True, "consumer": False, "guest": False, "admin": True}
    assert read == {name: kernel.can(who, "term.view", draft) for name, who in cast.everybody().items()}
    agreed = {name: play in GlossaryTerm.objects.visible_to(who) for name, who in cast.everybody().items()}
    assert agreed == {"owner": True, "steward": True, "consumer": True, "guest": False, "admin": True}
    services.edit_term(actor=cast.steward, term=draft, state="approved")
    draft.refresh_from_db()
    with pytest.raises(Invalid, match="not made a draft again"):
        services.edit_term(actor=cast.steward, term=draft, state="draft")


def test_deprecated_term_has_a_successor_until_it_is_approved_again(cast: Cast, play: GlossaryTerm) -> None:
    old = services.create_term(actor=cast.admin, name="Spin", state="approved")
    for fields in ({"successor": play}, {"state": "deprecated", "successor": old}):
        with pytest.raises(Invalid):
            services.edit_term(actor=cast.admin, term=old, **fields)  # type: ignore[arg-type]
    gone = services.edit_term(actor=cast.admin, term=old, state="deprecated", successor=play)
    assert gone.successor == play
    assert services.edit_term(actor=cast.admin, term=gone, definition="Old word.").successor == play
    assert services.edit_term(actor=cast.admin, term=gone, state="approved").successor is None
    verbs = AuditEvent.objects.filter(object_kind="term", object_id=old.pk).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "term.created", "term.deprecated", "term.edited", "term.approved",
    ]  # fmt: skip


def test_second_of_two_editors_is_told_and_nothing_changes_without_a_change(
    cast: Cast, play: GlossaryTerm
) -> None:
    services.edit_term(actor=cast.admin, term=play, expected_revision=1, definition="Other.")
    with pytest.raises(StaleRevision):
        services.edit_term(actor=cast.admin, term=play, expected_revision=1, definition="Mine.")
    same = services.edit_term(actor=cast.admin, term=play, definition="Other.")
    assert (same.revision, same.history.count()) == (2, 2)


def test_older_words_come_back_as_a_new_version(cast: Cast, play: GlossaryTerm) -> None:
    first = play.history.get()
    services.edit_term(actor=cast.admin, term=play, name="Playback", synonyms=[], team=cast.listening_team)
    back = services.restore_term(actor=cast.admin, term=play, history_id=first.history_id)
    assert (back.name, back.synonyms, back.team) == ("Play", ["Stream", "Listen event"], cast.listening_team)
    newest = back.history.first()
    assert newest.history_user == cast.admin
    assert newest.history_change_reason.startswith("Restored the version of")
    with pytest.raises(NotFound):
        services.restore_term(actor=cast.admin, term=play, history_id=10**9)


def test_only_drafts_are_deleted_and_a_domain_with_terms_stays(cast: Cast, play: GlossaryTerm) -> None:
    with pytest.raises(Conflict, match="agreed"):
        services.delete_term(actor=cast.admin, term=play)
    empty = make.make_domain("Empty", team=cast.listening_team)
    draft = services.create_term(actor=cast.admin, name="Skip", domain=empty)
    with pytest.raises(Conflict, match="terms"):
        delete_domain(actor=cast.admin, domain=empty)
    services.delete_term(actor=cast.admin, term=draft)
    assert not GlossaryTerm.history.filter(name="Skip").exists()
    delete_domain(actor=cast.admin, domain=empty)


def test_links_lead_to_product_port_and_column_once(
    cast: Cast, play: GlossaryTerm, plays: OutputPort
) -> None:
    for _ in range(2):
        for target in ({}, {"port": plays}, {"port": plays, "path": "track.title"}):
            linking.link_term(actor=cast.owner, term=play, product=cast.play_events, **target)  # type: ignore[arg-type]
    assert [link.place for link in TermLink.objects.order_by("pk")] == [
        "the whole product", "plays 1.0.0", "plays 1.0.0: track.title",
    ]  # fmt: skip
    for wrong in ({"port": plays, "path": "nothing"}, {"path": "play_id"}, {"port": make.make_port()}):
        with pytest.raises(Invalid):
            linking.link_term(actor=cast.owner, term=play, product=cast.play_events, **wrong)  # type: ignore[arg-type]
    assert AuditEvent.objects.filter(verb="term.linked", product_id=cast.play_events.pk).count() == 3
    linking.unlink_term(actor=cast.owner, link=TermLink.objects.latest("pk"))
    assert TermLink.objects.count() == 2


def test_only_who_edits_the_product_links_and_only_what_is_agreed(cast: Cast, play: GlossaryTerm) -> None:
    for person in (cast.steward, cast.consumer, cast.guest):
        with pytest.raises(NotAllowed):
            linking.link_term(actor=person, term=play, product=cast.play_events)
    draft = services.create_term(actor=cast.admin, name="Skip")
    with pytest.raises(NotFound):
        linking.link_term(actor=cast.owner, term=draft, product=cast.play_events)
    with pytest.raises(Conflict):
        linking.link_term(actor=cast.admin, term=draft, product=cast.play_events)
    services.edit_term(actor=cast.admin, term=play, state="deprecated")
    play.refresh_from_db()
    with pytest.raises(Conflict, match="deprecated"):
        linking.link_term(actor=cast.owner, term=play, product=cast.play_events)


def test_nearest_term_of_a_name_is_meant(cast: Cast, play: GlossaryTerm) -> None:
    inner = make.make_domain("Podcasts", cast.listening, team=cast.listening_team)
    assert linking.find_term(cast.owner, " stREAM ", inner) == play
    own = services.create_term(actor=cast.admin, name="Stream", domain=cast.listening, state="approved")
    services.create_term(actor=cast.admin, name="Stream", domain=cast.playback, state="approved")
    assert linking.find_term(cast.owner, "Stream", inner) == own
    assert linking.find_term(cast.owner, "play", inner) == play
    services.create_term(
        actor=cast.admin, name="Run", synonyms=["Stream"], domain=cast.listening, state="approved"
    )
    with pytest.raises(Invalid, match="Several"):
        linking.find_term(cast.owner, "STREAM ", inner)
    assert linking.find_term(cast.owner, "stream", inner) == own  # its address
    with pytest.raises(Invalid, match="exactly"):
        linking.find_term(cast.owner, "streams", inner)
