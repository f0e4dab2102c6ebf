"""Writing connections: who may, what is checked, and that secrets go in and never come out."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from catalog.accounts.models import Role, Team, User
from catalog.audit.models import AuditEvent
from catalog.common import crypto
from catalog.common.errors import Conflict, Invalid, NotAllowed, StaleRevision
from catalog.connections import services
from catalog.connections.connectors.config import ConfigField
from catalog.connections.connectors.relational import INCLUDE
from catalog.connections.models import Connection
from tests import factories as make
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
POSTGRES = {"host": "db.example.org", "database": "play", "user": "reader", "password": "open-sesame"}


@pytest.fixture
def keeper(cast: Cast) -> User:
    person = make.make_user("keeper")
    make.make_membership(person, Role.TECHNICAL_OWNER, cast.listening_team)
    return person


def create(actor: User | None, team: Team, **changes: Any) -> Connection:
    fields: dict[str, Any] = {"kind": "postgresql", "name": "Play store", "config": dict(POSTGRES)}
    return services.create_connection(actor=actor, team=team, **{**fields, **changes})


def test_secret_is_encrypted_and_stands_nowhere_else(cast: Cast, keeper: User) -> None:
    made = create(keeper, cast.listening_team)
    assert "password" not in made.config
    assert "open-sesame" not in made.secret
    assert crypto.decrypt(made.secret) == {"password": "open-sesame"}
    event = AuditEvent.objects.get(verb="connection.created")
    assert "open-sesame" not in repr((event.changes, event.detail))
    assert made.config["port"] == 5432


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.TECHNICAL_OWNER, True),
        (Role.DOMAIN_ADMIN, True),
        (Role.BUSINESS_OWNER, False),
        (Role.STEWARD, False),
        (Role.VIEWER, False),
    ],
)
def test_technical_owners_and_domain_admins_enter_connections(cast: Cast, role: Role, allowed: bool) -> None:
    person = make.make_user()
    make.make_membership(person, role, cast.listening_team)
    if allowed:
        assert create(person, cast.listening_team).pk
    else:
        with pytest.raises(NotAllowed):
            create(person, cast.listening_team)
    with pytest.raises(NotAllowed):
        create(person, cast.playback_team)


def test_cast_may_see_what_their_team_runs(cast: Cast) -> None:
    made = create(None, cast.listening_team)
    seen = {name for name, user in cast.everybody().items() if made in Connection.objects.visible_to(user)}
    assert seen == {"owner", "admin"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "no_such"}, "kind"),
        ({"config": {**POSTGRES, "port": "x"}}, "port"),
        ({"config": {**POSTGRES, "port": 0}}, "port"),
        ({"config": {**POSTGRES, "hostt": "typo"}}, "hostt"),
        ({"config": {"host": "a"}}, "database"),
        ({"config": {**POSTGRES, "host": ["a"]}}, "host"),
        ({"config": {**POSTGRES, "host": "a\x00b"}}, "host"),
        ({"config": {**POSTGRES, "encryption": "maybe"}}, "encryption"),
        ({"name": "  "}, "name"),
        ({"schedule": "often"}, "schedule"),
    ],
)
def test_wrong_settings_are_named_and_nothing_is_written(
    cast: Cast, keeper: User, change: dict[str, Any], path: str
) -> None:
    with pytest.raises(Invalid) as caught:
        create(keeper, cast.listening_team, **change)
    assert path in {problem.path for problem in caught.value.problems}
    assert not Connection.objects.exists()
    assert "open-sesame" not in str(caught.value)


def test_names_in_every_script_get_free_addresses(cast: Cast, keeper: User) -> None:
    slugs = [create(keeper, cast.listening_team, name=name).slug for name in ("New", "Żółć", "🎵", "Żółć")]
    assert len(set(slugs)) == 4
    assert "new" not in slugs


def test_editing_keeps_the_secret_while_the_address_stays(cast: Cast, keeper: User) -> None:
    made = create(keeper, cast.listening_team)
    config = {**POSTGRES, "password": "", "include": "play.*"}
    saved = services.edit_connection(actor=keeper, connection=made, expected_revision=1, config=config)
    assert crypto.decrypt(saved.secret) == {"password": "open-sesame"}
    assert saved.config["include"] == ["play.*"]


@pytest.mark.parametrize(
    "change", [{"host": "evil.example.org"}, {"port": 5433}, {"user": "other"}, {"encryption": "disable"}]
)
def test_secret_is_dropped_when_it_would_be_sent_elsewhere(
    cast: Cast, keeper: User, change: dict[str, Any]
) -> None:
    made = create(keeper, cast.listening_team)
    config = {**POSTGRES, "password": "", **change}
    assert services.edit_connection(actor=keeper, connection=made, config=config).secret == ""


def test_second_of_two_editors_is_told(cast: Cast, keeper: User) -> None:
    made = create(keeper, cast.listening_team)
    services.edit_connection(actor=keeper, connection=made, expected_revision=1, name="First")
    with pytest.raises(StaleRevision, match=r"(?i)keeper"):
        services.edit_connection(actor=keeper, connection=made, expected_revision=1, name="Second")
    assert Connection.objects.get().name == "First"


def test_connection_is_not_handed_to_a_team_one_does_not_serve(cast: Cast, keeper: User) -> None:
    made = create(keeper, cast.listening_team)
    with pytest.raises(NotAllowed):
        services.edit_connection(actor=keeper, connection=made, team=cast.playback_team)


def test_resuming_closes_the_circuit(cast: Cast, keeper: User) -> None:
    made = create(keeper, cast.listening_team)
    services.pause_connection(actor=keeper, connection=made)
    Connection.objects.update(failures_in_row=7)
    resumed = services.resume_connection(actor=keeper, connection=made)
    assert (resumed.is_paused, resumed.failures_in_row) == (False, 0)
    with pytest.raises(NotAllowed):
        services.pause_connection(actor=cast.owner, connection=made)


def test_connection_in_use_is_not_deleted(cast: Cast, keeper: User) -> None:
    made = create(keeper, cast.listening_team)
    make.make_port(cast.play_events, connection=made)
    with pytest.raises(Conflict, match="Output ports"):
        services.delete_connection(actor=keeper, connection=made)
    assert Connection.objects.filter(pk=made.pk).exists()


def test_deleting_keeps_the_assets(cast: Cast, keeper: User) -> None:
    made = create(keeper, cast.listening_team)
    asset = make.make_asset(made)
    services.delete_connection(actor=keeper, connection=made)
    asset.refresh_from_db()
    assert asset.connection is None
    assert AuditEvent.objects.filter(verb="connection.deleted").exists()


def test_rotation_moves_every_secret_to_the_newest_key(cast: Cast, keeper: User, settings: Any) -> None:
    made = create(keeper, cast.listening_team)
    newest = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [newest, *settings.ENCRYPTION_KEYS]
    assert services.rotate_secrets(actor=None) == 1
    settings.ENCRYPTION_KEYS = [newest]
    made.refresh_from_db()
    assert crypto.decrypt(made.secret) == {"password": "open-sesame"}


def test_lost_key_is_reported_with_the_connections_name(cast: Cast, keeper: User, settings: Any) -> None:
    create(keeper, cast.listening_team)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(crypto.CannotDecrypt, match="Play store"):
        services.rotate_secrets(actor=None)


@pytest.mark.parametrize(
    ("changed", "is_elsewhere"),
    [
        ({"brokers": ["evil.example"]}, True),
        ({"verify": False}, True),
        ({"include": ["public.*"]}, False),
        ({"encoding": "latin-1"}, False),
        ({"encryption": "disable"}, True),
    ],
)
def test_any_setting_of_a_foreign_connector_may_lead_the_secret_away(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], is_elsewhere: bool
) -> None:
    class Plugin:
        config_fields = (
            ConfigField(name="brokers", label="Brokers", kind="lines"),
            ConfigField(name="verify", label="Verify", kind="boolean"),
            ConfigField(name="encoding", label="Encoding", kind="choice"),
            ConfigField(name="token", label="Token", secret=True),
            INCLUDE,
        )

    class Registry:
        def get(self, kind: str) -> type[Plugin]:
            return Plugin

    monkeypatch.setattr(services, "registry", Registry)
    before = {
        "brokers": ["mine"],
        "verify": True,
        "encoding": "utf-8",
        "include": [],
        "encryption": "require",
    }
    assert services.leads_elsewhere("plugin", before, {**before, **changed}) is is_elsewhere
