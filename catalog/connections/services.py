"""All writes to connections. Secrets are write-only: encrypted here, opened in workers, never read back."""

from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.audit.changes import Changes, difference, snapshot
from catalog.common import crypto
from catalog.common.concurrency import bump_revision
from catalog.common.errors import Conflict, Problem
from catalog.common.slugs import make_slug
from catalog.common.validation import clean, invalid
from catalog.connections.connectors.config import clean_config, split_secrets
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.registry import registry
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE
from catalog.connections.models import Connection, ConnectionCheck
from catalog.identity.models import SecondFactor

FIELDS = ("name", "slug", "description", "team", "environment", "config", "schedule", "is_paused")
HOLDERS_OF_SECRETS: list[tuple[Any, str]] = [  # model, column
    (Connection, "secret"),
    (ConnectionCheck, "secret"),
    (SecondFactor, "secret"),
]


def register_holder_of_secrets(model: Any, *columns: str) -> None:
    """For features above that keep secrets in these columns: rotation and its counts include them."""
    for column in columns:
        if (model, column) not in HOLDERS_OF_SECRETS:
            HOLDERS_OF_SECRETS.append((model, column))


class ConnectionDetails(TypedDict, total=False):
    """What may be said of a connection beside its name, kind and configuration."""

    description: str
    environment: str
    schedule: str


class ConnectionFields(ConnectionDetails, total=False):
    """What an edit may change. `config` is whole; secrets left out or empty are kept."""

    name: str
    team: Team
    config: dict[str, Any]


def validated(kind: str, config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The public configuration and the secrets of a raw one, both typed. Raises Invalid naming the settings."""
    try:
        connector = registry().get(kind)
    except SourceError as error:
        raise invalid([Problem("kind", error.code, error.message)]) from error
    cleaned, problems = clean_config(connector.config_fields, config)
    if problems:
        raise invalid(problems)
    return split_secrets(connector.config_fields, cleaned)


@transaction.atomic
def create_connection(
    *,
    actor: User | None,
    kind: str,
    name: str,
    team: Team,
    config: dict[str, Any],
    secret_token: str = "",
    **fields: Unpack[ConnectionDetails],
) -> Connection:
    """Enter a store. `config` is raw and may hold secrets; `secret_token` is one that is encrypted already.

    Raises NotAllowed, or Invalid naming the settings that are wrong.
    """
    kernel.require(actor, "connection.create", team, f"You may not enter connections of {team}.")
    shown, secrets = validated(kind, config)
    connection = Connection(kind=kind, name=" ".join(name.split()), team=team, config=shown, **fields)
    connection.slug = make_slug(connection.name, fallback="connection", is_taken=_is_taken)
    connection.secret = crypto.encrypt(secrets) or secret_token
    _check(connection)
    connection.save()
    changes = difference({}, snapshot(connection, FIELDS))
    _record(actor, "connection.created", connection, changes, has_new_secret=bool(connection.secret))
    return connection


@transaction.atomic
def edit_connection(
    *,
    actor: User | None,
    connection: Connection,
    expected_revision: int | None = None,
    secret_token: str = "",
    **fields: Unpack[ConnectionFields],
) -> Connection:
    """Change what is given; a new team must be one the actor may enter connections for.

    Where the address changes, the stored secret is dropped unless it is given anew: whoever may edit a connection
    must not be able to send its password to a server of their own. Raises NotAllowed, Invalid, Conflict.
    """
    kernel.require(actor, "connection.edit", connection)
    fresh = Connection.objects.select_related("team").get(pk=connection.pk)
    before = snapshot(fresh, FIELDS)
    if "team" in fields and fields["team"].pk != fresh.team_id:
        kernel.require(
            actor, "connection.create", fields["team"], f"You may not hand it to {fields['team']}."
        )
    given = secret_token
    if "config" in fields:
        shown, secrets = validated(fresh.kind, fields["config"])
        given = crypto.encrypt(secrets) or given
        if shown != fresh.config and _leads_elsewhere(fresh, shown):
            fresh.secret = ""
        fresh.config = shown
    fresh.secret = given or fresh.secret
    for field in ("name", "team", "description", "environment", "schedule"):
        if field in fields:
            setattr(fresh, field, fields[field])
    bump_revision(fresh, expected_revision)
    if "schedule" in fields:
        fresh.next_crawl_at = None  # due anew, on the new grid
    _check(fresh)
    fresh.save()
    changes = difference(before, snapshot(fresh, FIELDS))
    _record(actor, "connection.edited", fresh, changes, has_new_secret=bool(given))
    return fresh


def leads_elsewhere(kind: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a changed configuration could send the stored secret to another server or account, or unprotected.

    Of a connector nobody here wrote, any setting may name the server (a list of brokers) or switch a check off; only
    patterns of names and choices are harmless, but for that of encryption.
    """
    harmless = {INCLUDE.name, EXCLUDE.name}
    names = {
        field.name
        for field in registry().get(kind).config_fields
        if field.kind != "choice" and not field.secret and field.name not in harmless
    }
    weaker = {"encryption"}
    return any(before.get(name) != after.get(name) for name in names | weaker)


def _leads_elsewhere(connection: Connection, shown: dict[str, Any]) -> bool:
    return bool(connection.secret) and leads_elsewhere(connection.kind, connection.config, shown)


@transaction.atomic
def pause_connection(*, actor: User | None, connection: Connection) -> Connection:
    """Stop crawling it until it is resumed. Pausing a paused one changes nothing. Raises NotAllowed."""
    return _set_paused(actor, connection, True, "connection.paused")


@transaction.atomic
def resume_connection(*, actor: User | None, connection: Connection) -> Connection:
    """Crawl it again, at once if it is due, and forget earlier failures. Raises NotAllowed."""
    return _set_paused(actor, connection, False, "connection.resumed")


def _set_paused(actor: User | None, connection: Connection, is_paused: bool, verb: str) -> Connection:
    kernel.require(actor, "connection.edit", connection)
    fresh = Connection.objects.get(pk=connection.pk)
    if fresh.is_paused == is_paused:
        return fresh
    bump_revision(fresh, None)
    fresh.is_paused = is_paused
    if not is_paused:
        fresh.failures_in_row, fresh.circuit_open_until = 0, None
    fresh.save()
    _record(actor, verb, fresh, {"is_paused": [not is_paused, is_paused]})
    return fresh


@transaction.atomic
def delete_connection(*, actor: User | None, connection: Connection) -> None:
    """Forget a store and its credentials; its assets stay, without a connection. Raises NotAllowed, Conflict."""
    kernel.require(actor, "connection.edit", connection)
    _record(actor, "connection.deleted", connection, {})
    try:
        connection.delete()
    except ProtectedError as error:
        raise Conflict(
            f"Output ports are reached through {connection}.",
            kept="Nothing was deleted.",
            remedy="Give these ports another connection first, or pause this one.",
        ) from error


@transaction.atomic
def rotate_secrets(*, actor: User | None) -> int:
    """Encrypt every stored secret with the newest key; afterwards older keys may be taken out of the settings.

    Those of tests that are still waiting count too. Returns how many were written. Raises crypto.CannotDecrypt naming
    what holds a secret that no key opens, with nothing changed.
    """
    count = 0
    for model, column in HOLDERS_OF_SECRETS:
        holding = model._default_manager.exclude(**{column: ""})
        for row in holding.select_for_update(of=("self",)).order_by("pk"):
            try:
                fresh = crypto.rotate(getattr(row, column))
            except crypto.CannotDecrypt as error:
                raise crypto.CannotDecrypt(f"{row}: {error}") from error
            model._default_manager.filter(pk=row.pk).update(**{column: fresh})
            count += 1
    return count


def count_secrets_by_key() -> list[int]:
    """How many stored secrets each of the keys opens, newest key first. Raises crypto.CannotDecrypt as above."""
    counts = [0] * len(settings.ENCRYPTION_KEYS)
    for model, column in HOLDERS_OF_SECRETS:
        for row in model._default_manager.exclude(**{column: ""}).order_by("pk"):
            try:
                counts[crypto.key_of(getattr(row, column))] += 1
            except crypto.CannotDecrypt as error:
                raise crypto.CannotDecrypt(f"{row}: {error}") from error
    return counts


def _is_taken(slug: str) -> bool:
    return slug in {"new", "checks"} or Connection.objects.filter(slug=slug).exists()


def _check(connection: Connection) -> None:
    if not connection.name.strip():
        raise invalid([Problem("name", "required", "Give the connection a name.")])
    clean(connection, exclude=["slug"])


def _record(
    actor: User | None, verb: str, connection: Connection, changes: Changes, has_new_secret: bool = False
) -> None:
    detail = {"secret": "entered anew"} if has_new_secret else {}
    audit.record(actor=actor, verb=verb, obj=connection, changes=changes, detail=detail)
