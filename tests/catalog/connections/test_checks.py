"""Testing connections: the request only encrypts, a worker opens and tests, the draft is saved as it was tested."""

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.accounts.models import Role, User
from catalog.common import crypto
from catalog.common.errors import Conflict, NotAllowed, NotFound, StaleRevision
from catalog.connections import checks, services, tasks
from catalog.connections.connectors.base import CheckResult, Steps
from catalog.connections.connectors.observations import Failure
from catalog.connections.connectors.postgresql import PostgresConnector
from catalog.connections.models import Connection, ConnectionCheck
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(cast: Cast) -> User:
    person = make.make_user("keeper")
    make.make_membership(person, Role.TECHNICAL_OWNER, cast.listening_team)
    return person


@pytest.fixture
def store(tmp_path: Path, settings: Any) -> Path:
    settings.FILE_ROOTS = [str(tmp_path)]
    path = tmp_path / "play.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE plays (id INTEGER PRIMARY KEY)")
    return path


def draft(keeper: User, cast: Cast, path: Path | str, **changes: Any) -> ConnectionCheck:
    fields: dict[str, Any] = {
        "kind": "sqlite",
        "config": {"path": str(path)},
        "team": cast.listening_team,
        "draft": {"name": "Plays", "schedule": "1h", "environment": "production", "description": ""},
    }
    return checks.request_draft_check(actor=keeper, **{**fields, **changes})


def test_draft_is_tested_then_saved_as_it_was_tested(cast: Cast, keeper: User, store: Path) -> None:
    check = draft(keeper, cast, store)
    assert checks.run_check(check_id=check.pk)
    check.refresh_from_db()
    assert check.is_ok, check.steps
    assert [step["name"] for step in check.steps] == ["reachable", "signed_in", "readable"]
    saved = checks.save_checked(actor=keeper, check=check)
    assert (saved.name, saved.schedule, saved.config["path"]) == ("Plays", "1h", str(store))
    saved.refresh_from_db()
    assert saved.checked_at is not None
    assert saved.check_error == ""
    with pytest.raises(Conflict):
        checks.save_checked(actor=keeper, check=check)
    assert Connection.objects.count() == 1


def test_failed_test_may_be_saved_and_says_so(cast: Cast, keeper: User, store: Path) -> None:
    check = draft(keeper, cast, store.parent / "missing.db")
    checks.run_check(check_id=check.pk)
    saved = checks.save_checked(actor=keeper, check=check)
    saved.refresh_from_db()
    assert "nothing at" in saved.check_error


def test_second_doorbell_does_nothing(cast: Cast, keeper: User, store: Path) -> None:
    check = draft(keeper, cast, store)
    assert checks.run_check(check_id=check.pk)
    assert not checks.run_check(check_id=check.pk)


def test_lost_doorbell_and_dead_worker_are_made_good(
    cast: Cast, keeper: User, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = draft(keeper, cast, store)
    ConnectionCheck.objects.update(status="running", started_at=timezone.now() - timedelta(minutes=5))
    rung: list[int] = []
    monkeypatch.setattr(tasks, "ring", rung.append)
    tasks.dispatch_checks()
    assert rung == [check.pk]


def test_old_drafts_are_forgotten_with_their_secrets(cast: Cast, keeper: User, store: Path) -> None:
    draft(keeper, cast, store)
    checks.release_stale(now=timezone.now() + timedelta(days=2))
    assert not ConnectionCheck.objects.exists()


def test_secret_moves_into_the_connection_without_being_opened(
    cast: Cast, keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "open-sesame"}
    check = draft(keeper, cast, "", kind="postgresql", config=config)
    assert "open-sesame" not in repr((check.config, check.draft, check.secret))
    checks.run_check(check_id=check.pk)
    check.refresh_from_db()
    assert check.is_ok is False
    assert "open-sesame" not in repr(check.steps)

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a request opened a secret")

    token = check.secret
    with monkeypatch.context() as patch:
        patch.setattr(crypto, "decrypt", forbidden)
        saved = checks.save_checked(actor=keeper, check=check)
    assert saved.secret == token
    assert ConnectionCheck.objects.get().secret == ""


def test_secret_left_empty_is_the_one_entered_before(cast: Cast, keeper: User) -> None:
    config = {"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "open-sesame"}
    first = draft(keeper, cast, "", kind="postgresql", config=config)
    again = draft(keeper, cast, "", kind="postgresql", config={**config, "password": ""}, earlier=first)
    assert crypto.decrypt(again.secret) == {"password": "open-sesame"}
    moved = {**config, "password": "", "host": "evil.example.org"}
    assert draft(keeper, cast, "", kind="postgresql", config=moved, earlier=first).secret == ""
    other = make.make_user()
    make.make_membership(other, Role.TECHNICAL_OWNER, cast.listening_team)
    assert (
        draft(other, cast, "", kind="postgresql", config={**config, "password": ""}, earlier=first).secret
        == ""
    )


def test_test_of_an_edit_does_not_send_the_stored_secret_elsewhere(cast: Cast, keeper: User) -> None:
    config = {"host": "127.0.0.1", "port": 1, "database": "d", "user": "u", "password": "open-sesame"}
    made = services.create_connection(
        actor=keeper, kind="postgresql", name="P", team=cast.listening_team, config=config
    )
    moved = {**config, "password": "", "host": "evil.example.org"}
    assert draft(keeper, cast, "", config=moved, connection=made).secret == ""
    assert draft(keeper, cast, "", config={**config, "password": ""}, connection=made).secret == made.secret


def test_edit_tested_before_somebody_elses_is_refused(cast: Cast, keeper: User, store: Path) -> None:
    made = services.create_connection(
        actor=keeper, kind="sqlite", name="P", team=cast.listening_team, config={"path": str(store)}
    )
    check = draft(keeper, cast, store, connection=made, draft={"name": "Mine", "revision": 1})
    checks.run_check(check_id=check.pk)
    services.edit_connection(actor=None, connection=made, name="Theirs")
    with pytest.raises(StaleRevision):
        checks.save_checked(actor=keeper, check=check)
    assert Connection.objects.get().name == "Theirs"


def test_saved_connection_is_tested_and_the_result_noted(cast: Cast, keeper: User, store: Path) -> None:
    made = services.create_connection(
        actor=keeper, kind="sqlite", name="P", team=cast.listening_team, config={"path": str(store)}
    )
    store.unlink()
    checks.run_check(check_id=checks.request_check(actor=keeper, connection=made).pk)
    made.refresh_from_db()
    assert made.check_error
    assert made.checked_at is not None


def test_only_who_asked_sees_and_saves_a_test(cast: Cast, keeper: User, store: Path) -> None:
    check = draft(keeper, cast, store)
    checks.run_check(check_id=check.pk)
    for person in cast.everybody().values():
        assert not ConnectionCheck.objects.visible_to(person).exists()
        with pytest.raises(NotFound):
            checks.save_checked(actor=person, check=check)
    with pytest.raises(NotAllowed):
        draft(cast.owner, cast, store)


def test_connector_that_crashes_is_a_failed_step_without_its_secrets(
    cast: Cast, keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Any, config: dict[str, Any], context: Any) -> None:
        raise RuntimeError(f"boom with {config['password']}")

    monkeypatch.setattr(PostgresConnector, "check", crash)
    config = {"host": "h", "database": "d", "user": "u", "password": "open-sesame"}
    check = draft(keeper, cast, "", kind="postgresql", config=config)
    checks.run_check(check_id=check.pk)
    check.refresh_from_db()
    assert "boom" in check.steps[0]["message"]
    assert "open-sesame" not in repr(check.steps)


def test_connector_that_says_a_secret_back_is_not_quoted(
    cast: Cast, keeper: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chatty(self: Any, config: dict[str, Any], context: Any) -> CheckResult:
        return Steps().failed(
            Failure("refused", f"{config['password']} is wrong.", f"Not {config['password']}.")
        )

    monkeypatch.setattr(PostgresConnector, "check", chatty)
    config = {"host": "h", "database": "d", "user": "u", "password": "open-sesame"}
    check = draft(keeper, cast, "", kind="postgresql", config=config)
    checks.run_check(check_id=check.pk)
    check.refresh_from_db()
    assert "is wrong." in repr(check.steps)
    assert "open-sesame" not in repr(check.steps)


def test_credentials_no_key_opens_are_explained(cast: Cast, keeper: User) -> None:
    check = draft(keeper, cast, "/x", config={"path": "/x"})
    ConnectionCheck.objects.update(secret="not a token")
    checks.run_check(check_id=check.pk)
    check.refresh_from_db()
    assert "credentials" in check.steps[0]["message"]
