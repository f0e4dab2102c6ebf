"""Domains: who plants, edits, moves and deletes them; redirects; index marks for what is in them."""

import pytest

from catalog.accounts.models import Role, User
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.domains import services
from catalog.domains.models import Domain
from catalog.products.addresses import Moved, find_product
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain_admin(cast: Cast) -> User:
    person = make.make_user("domain-admin")
    make.make_membership(person, Role.DOMAIN_ADMIN, cast.listening_team)
    return person


@pytest.mark.parametrize("name", ["owner", "steward", "consumer", "guest"])
def test_only_admins_write_domains(cast: Cast, name: str) -> None:
    actor = getattr(cast, name)
    for attempt in (
        lambda: services.create_domain(actor=actor, name="x", team=cast.listening_team),
        lambda: services.create_domain(
            actor=actor, name="x", team=cast.listening_team, parent=cast.listening
        ),
        lambda: services.edit_domain(actor=actor, domain=cast.listening, name="x"),
        lambda: services.move_domain(actor=actor, domain=cast.listening, parent=cast.playback),
        lambda: services.delete_domain(actor=actor, domain=cast.listening),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_domain_admins_write_below_their_domain_only(cast: Cast, domain_admin: User) -> None:
    child = services.create_domain(
        actor=domain_admin, name="Sessions", team=cast.listening_team, parent=cast.listening
    )
    assert Domain.objects.get_parent(child) == cast.listening
    with pytest.raises(NotAllowed):
        services.create_domain(actor=domain_admin, name="x", team=cast.listening_team)
    with pytest.raises(NotAllowed):
        services.move_domain(actor=domain_admin, domain=child, parent=cast.playback)
    with pytest.raises(NotAllowed, match="team you administer"):
        services.edit_domain(actor=domain_admin, domain=child, team=cast.playback_team)


def test_domains_of_every_script_have_addresses(cast: Cast) -> None:
    for name, slug in (("音楽", "音楽"), ("🎵", "domain"), ("new", "new-2"), ("Listening", "listening-2")):
        made = services.create_domain(actor=cast.admin, name=name, team=cast.listening_team)
        assert made.slug == slug


@pytest.mark.parametrize("slug", ["new", "playback", "a/b", "a b"])
def test_addresses_that_mean_something_else_are_refused(cast: Cast, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        services.edit_domain(actor=cast.admin, domain=cast.listening, slug=slug)
    assert {problem.path for problem in caught.value.problems} == {"slug"}


def test_a_renamed_domain_redirects_and_so_do_its_products(cast: Cast) -> None:
    services.edit_domain(actor=cast.admin, domain=cast.listening, slug="plays")
    with pytest.raises(Moved) as caught:
        find_product(cast.consumer, "listening", "play-events")
    assert caught.value.product.key == "plays/play-events"
    with pytest.raises(Invalid):
        services.create_domain(actor=cast.admin, name="x", team=cast.listening_team, slug="listening")


def test_two_editors_of_a_domain(cast: Cast) -> None:
    services.edit_domain(actor=cast.admin, domain=cast.listening, name="First", expected_revision=1)
    with pytest.raises(Conflict):
        services.edit_domain(actor=cast.admin, domain=cast.listening, name="Second", expected_revision=1)


def test_moving_takes_everything_below_along_and_marks_its_products(cast: Cast) -> None:
    child = make.make_domain("Sessions", cast.listening, team=cast.listening_team)
    product = make.make_product(domain=child)
    ChangeMark.objects.all().delete()
    services.move_domain(actor=cast.admin, domain=cast.listening, parent=cast.playback)
    moved = Domain.objects.get(pk=child.pk)
    assert [d.slug for d in Domain.objects.get_ancestors(moved)] == ["playback", "listening"]
    assert ChangeMark.objects.filter(kind="product", object_id=product.pk).exists()
    assert AuditEvent.objects.get(verb="domain.moved").changes == {"parent": [None, "Playback"]}
    with pytest.raises(Invalid):
        services.move_domain(actor=cast.admin, domain=Domain.objects.get(pk=cast.playback.pk), parent=moved)
    services.move_domain(actor=cast.admin, domain=Domain.objects.get(pk=cast.listening.pk), parent=None)
    assert Domain.objects.get(pk=child.pk).depth == 2


def test_only_empty_domains_are_deleted(cast: Cast) -> None:
    child = make.make_domain("Sessions", cast.listening, team=cast.listening_team)
    for domain in (cast.listening, cast.playback):
        with pytest.raises(Conflict):
            services.delete_domain(actor=cast.admin, domain=domain)
    services.delete_domain(actor=cast.admin, domain=child)
    assert not Domain.objects.filter(slug="sessions").exists()


def test_guests_see_only_domains_of_products_they_are_in_charge_of(cast: Cast) -> None:
    assert not Domain.objects.visible_to(cast.guest).exists()
    make.make_stewardship(cast.play_events, cast.guest)
    assert list(Domain.objects.visible_to(cast.guest)) == [cast.listening]
    assert Domain.objects.visible_to(cast.consumer).count() == 2
