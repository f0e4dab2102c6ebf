"""The table of rights: the page in the documentation is what the predicates answer, row by row."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from catalog.accounts import kernel, rights
from catalog.accounts.models import PLATFORM_ROLES, Membership, Role, User
from catalog.accounts.rights import Answer
from catalog.crawling.models import CrawlRun
from catalog.products.models import DataProduct, Stewardship
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PAGE = Path(settings.BASE_DIR) / "docs" / "permissions.md"


def test_the_page_is_what_the_command_prints() -> None:
    told = "docs/permissions.md is old: ./mesh manage permission_table > docs/permissions.md"
    assert PAGE.read_text(encoding="utf-8") == rights.as_markdown(), told


def test_every_rule_is_said_in_a_sentence() -> None:
    assert [name for name, action in kernel.actions().items() if not action.sentence] == []


def test_every_action_stands_in_the_table() -> None:
    assert {row.action for row in rights.rows()} == set(kernel.actions())


def test_an_action_without_a_sample_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = kernel.Action("ship.sail", lambda user, ship: True, "ship")
    monkeypatch.setitem(kernel._actions, "ship.sail", lost)
    with pytest.raises(LookupError, match=r"ship\.sail"):
        rights.rows()


REAL = {"domain", "product", "team", "person", "", "connection", "port", "run"}


def real_object(kind: str, case: str, cast: Cast) -> object:
    """The same as a sample, but in the database, belonging to the Listening team."""
    if kind == "domain":
        return cast.listening
    if kind == "team":
        return cast.listening_team
    if kind == "person":
        return cast.consumer
    if kind == "connection":
        return make.make_connection(team=cast.listening_team)
    if kind == "run":
        now = timezone.now()
        return CrawlRun.objects.create(
            connection=make.make_connection(team=cast.listening_team), queued_at=now, due_at=now
        )
    if kind == "port":
        product = real_object("product", "draft", cast)
        assert isinstance(product, DataProduct)
        return make.make_port(product, connection=make.make_connection(team=cast.listening_team))
    if kind == "product":
        product = cast.play_events
        product.lifecycle = "draft" if case == "draft" else "active"
        product.visibility = {
            "active, everybody in the mesh": "mesh",
            "active, the domain only": "domain",
        }.get(case, "private")
        product.save()
        Stewardship.objects.filter(product=product).delete()
        return DataProduct.objects.select_related("domain").get(pk=product.pk)
    return None


def person_holding(role: str, team: object) -> User:
    person = make.make_user()
    if role != rights.NO_ROLE:
        Membership.objects.create(user=person, role=role, team=None if role in PLATFORM_ROLES else team)
    return person


@pytest.mark.parametrize("action", sorted(kernel.actions()))
def test_real_people_with_real_things_fare_as_the_table_says(action: str, cast: Cast) -> None:
    """Every row again with rows of the database, where the table is computed from samples in memory."""
    kind = kernel.actions()[action].kind
    if kind not in REAL:
        pytest.skip(f"no example of kind {kind} here; its feature's own tests hold it")
    for row in (row for row in rights.rows() if row.action == action):
        for case in row.cases or ("",):
            for column, answer in zip(rights.COLUMNS, row.answers, strict=True):
                here = person_holding(column, cast.listening_team)
                elsewhere = person_holding(column, cast.playback_team)
                for person, expected in (
                    (here, answer is not Answer.NOWHERE),
                    (elsewhere, answer is Answer.EVERYWHERE),
                ):
                    allowed = kernel.can(person, action, real_object(kind, case, cast))
                    assert allowed == expected, f"{action} {case} {column}"
                    person.is_active = False
                    assert not kernel.can(person, action, real_object(kind, case, cast))


@pytest.mark.parametrize("tie", Stewardship.Role.values)
def test_stewardships_alone_allow_what_the_table_says(tie: str, cast: Cast) -> None:
    person = make.make_user()
    product = real_object("product", "draft", cast)
    assert isinstance(product, DataProduct)
    make.make_stewardship(product, person, tie)
    product = DataProduct.objects.select_related("domain").get(pk=product.pk)
    words = f"its {Stewardship.Role(tie).label.lower()}"
    for row in rights.rows():
        if kernel.actions()[row.action].kind == "product" and row.cases in ((), ("draft",)):
            assert kernel.can(person, row.action, product) == (words in row.tied), row.action


def test_roles_reach_down_the_tree_and_never_up(cast: Cast) -> None:
    above = person_holding(Role.DOMAIN_ADMIN, make.make_team("Elsewhere"))
    assert not kernel.can(above, "team.edit", cast.listening_team)
    below = make.make_team("Below", cast.listening_team)
    admin = person_holding(Role.DOMAIN_ADMIN, cast.listening_team)
    assert kernel.can(admin, "team.edit", below)
    admin_below = person_holding(Role.DOMAIN_ADMIN, below)
    assert not kernel.can(admin_below, "team.edit", cast.listening_team)
