"""People: the last administrator, deactivation, passwords, e-mail of one's own."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from catalog.accounts import kernel, services
from catalog.accounts.models import Invitation, Membership, Role, User
from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed
from tests import factories as make
from tests.conftest import Cast


def the_admins_role(cast: Cast) -> Membership:
    return Membership.objects.get(user=cast.admin, role=Role.PLATFORM_ADMIN)


@pytest.mark.django_db
def test_the_last_active_administrator_can_neither_go_nor_step_down(cast: Cast) -> None:
    retired = make.make_user("retired", is_active=False)
    make.make_membership(retired, Role.PLATFORM_ADMIN)
    with pytest.raises(Conflict, match="last active"):
        services.deactivate_person(actor=cast.admin, person=cast.admin)
    with pytest.raises(Conflict, match="last active"):
        services.revoke_role(actor=cast.admin, membership=the_admins_role(cast))
    with pytest.raises(Conflict, match="last active"):
        services.revoke_role(actor=None, membership=the_admins_role(cast))
    with pytest.raises(Conflict, match="last active"):
        services.deactivate_person(actor=None, person=cast.admin)
    assert kernel.standing(User.objects.get(pk=cast.admin.pk)).is_platform_admin


@pytest.mark.django_db
def test_with_a_second_administrator_the_first_may_go(cast: Cast) -> None:
    services.grant_role(actor=cast.admin, person=cast.owner, role=Role.PLATFORM_ADMIN)
    services.deactivate_person(actor=cast.owner, person=cast.admin)
    with pytest.raises(Conflict):
        services.deactivate_person(actor=cast.owner, person=cast.owner)


@pytest.mark.django_db
def test_administration_is_handed_over_without_a_moment_alone(cast: Cast) -> None:
    key = f"role:{the_admins_role(cast).pk}"
    services.hand_over(actor=cast.admin, person=cast.admin, receiver=cast.owner, keys=[key])
    admins = Membership.objects.filter(role=Role.PLATFORM_ADMIN)
    assert [item.user for item in admins] == [cast.owner]


def at_once(*calls: Any) -> list[BaseException | None]:
    """Run the calls in threads that start together; what each raised."""
    gate = threading.Barrier(len(calls))
    raised: list[BaseException | None] = [None] * len(calls)

    def run(place: int) -> None:
        try:
            gate.wait(10)
            calls[place]()
        except Exception as error:
            raised[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite's own race is the next test, with a real file"
)
@pytest.mark.parametrize("mixed", [False, True])
def test_of_two_administrators_leaving_at_once_one_stays(cast: Cast, mixed: bool) -> None:
    for _ in range(5):
        Membership.objects.filter(role=Role.PLATFORM_ADMIN).delete()
        User.objects.update(is_active=True)
        first, second = (
            User.objects.get(pk=make.make_membership(person, Role.PLATFORM_ADMIN).user_id)
            for person in (cast.admin, cast.owner)
        )
        theirs = Membership.objects.get(user=second, role=Role.PLATFORM_ADMIN)

        def step_down(theirs: Membership = theirs, second: User = second) -> None:
            if mixed:
                services.revoke_role(actor=None, membership=theirs)
            else:
                services.deactivate_person(actor=None, person=second)

        raised = at_once(lambda first=first: services.deactivate_person(actor=None, person=first), step_down)
        assert sorted(type(error).__name__ for error in raised) == ["Conflict", "NoneType"]
        left = User.objects.filter(is_active=True, memberships__role=Role.PLATFORM_ADMIN)
        assert left.count() == 1


LEAVE = """
import sys, time
from catalog.accounts import services
from catalog.accounts.models import User
from catalog.common.errors import Conflict
person = User.objects.get(username=sys.argv[1])
while time.time() < float(sys.argv[2]): pass
try:
    services.deactivate_person(actor=None, person=person)
    print("gone")
except Conflict:
    print("stays")
"""


@pytest.mark.slow
def test_of_two_administrators_leaving_at_once_one_stays_in_a_file_of_sqlite(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MESHPORTAL_")
    } | {
        "MESHPORTAL_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "meshportal.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]

    def run(code: str) -> None:
        subprocess.run([*manage, "shell", "-v0", "-c", code], env=environment, check=True)

    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    run(
        "from catalog.accounts.models import *\n"
        "for name in ('one', 'two'):\n"
        "    Membership.objects.create(user=User.objects.create_user(name), role='platform_admin')"
    )
    script = tmp_path / "leave.py"
    script.write_text("import django; django.setup()\n" + LEAVE.lstrip(), encoding="utf-8")
    start = str(time.time() + 4)
    both = [
        subprocess.Popen([sys.executable, str(script), name, start], env=environment, stdout=subprocess.PIPE)
        for name in ("one", "two")
    ]
    assert sorted(process.communicate(timeout=60)[0].strip() for process in both) == [b"gone", b"stays"]


@pytest.mark.django_db
def test_deactivating_and_reactivating_is_for_administrators(cast: Cast) -> None:
    for actor in (cast.owner, cast.steward, cast.consumer, cast.guest):
        with pytest.raises(NotAllowed):
            services.deactivate_person(actor=actor, person=cast.consumer)
        with pytest.raises(NotAllowed):
            services.reactivate_person(actor=actor, person=cast.consumer)
    assert User.objects.get(pk=cast.consumer.pk).is_active


@pytest.mark.django_db
def test_deactivating_twice_is_one_event_and_voids_open_links(cast: Cast) -> None:
    services.reset_password_link(actor=cast.admin, person=cast.owner)
    for _ in range(2):
        services.deactivate_person(actor=cast.admin, person=cast.owner)
    assert AuditEvent.objects.filter(verb="person.deactivated").count() == 1
    assert not Invitation.objects.usable().exists()
    assert cast.owner.deactivated_at is not None
    assert not kernel.can(cast.owner, "product.view", cast.play_events)


@pytest.mark.django_db
def test_one_edits_oneself_and_administrators_everybody(cast: Cast) -> None:
    services.edit_person(actor=cast.owner, person=cast.owner, name="Me")
    services.edit_person(actor=cast.admin, person=cast.owner, email="o@daff.example")
    with pytest.raises(NotAllowed):
        services.edit_person(actor=cast.steward, person=cast.owner, name="You")
    with pytest.raises(Invalid, match="Unknown"):
        services.edit_person(actor=cast.owner, person=cast.owner, is_active="x")
    changes = AuditEvent.objects.filter(verb="person.edited").order_by("id").values_list("changes", flat=True)
    assert list(changes) == [{"name": ["Owner", "Me"]}, {"email": ["", "o@daff.example"]}]
