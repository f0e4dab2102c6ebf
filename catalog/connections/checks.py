"""Testing a connection: asked for in a request, done in a worker, because secrets are opened nowhere else."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.common import crypto
from catalog.common.errors import Conflict, Invalid, NotFound
from catalog.connections import services
from catalog.connections.connectors.base import CheckResult, CheckStep
from catalog.connections.connectors.config import secrets_of
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.registry import registry
from catalog.connections.context import make_context
from catalog.connections.models import Connection, ConnectionCheck
from catalog.connections.signals import check_queued

logger = logging.getLogger(__name__)
SECONDS = 30.0  # of one test
STALE_AFTER = timedelta(minutes=2)  # a worker that has not finished by then is gone
KEPT = timedelta(days=1)  # drafts with their secrets
Status = ConnectionCheck.Status


@transaction.atomic
def request_check(*, actor: User, connection: Connection) -> ConnectionCheck:
    """Test a saved connection as it is. Raises NotAllowed."""
    kernel.require(actor, "connection.edit", connection, "You may not test this connection.")
    return _queue(
        actor,
        connection=connection,
        kind=connection.kind,
        config=connection.config,
        secret=connection.secret,
    )


@transaction.atomic
def request_draft_check(
    *,
    actor: User,
    kind: str,
    config: dict[str, Any],
    team: Team,
    draft: dict[str, Any],
    connection: Connection | None = None,
    earlier: ConnectionCheck | None = None,
) -> ConnectionCheck:
    """Test what somebody typed before it is saved. `draft` holds JSON values; `earlier` is a test of the same draft.

    Secrets left empty are those of the earlier test, or of the connection being edited as long as its address stays.
    Raises NotAllowed, or Invalid naming the settings that are wrong.
    """
    kernel.require(actor, "connection.create", team, f"You may not enter connections of {team}.")
    if connection is not None:
        kernel.require(actor, "connection.edit", connection)
        kind = connection.kind
    shown, secrets = services.validated(kind, config)
    secret = crypto.encrypt(secrets) or _kept_secret(actor, kind, shown, connection, earlier)
    draft = {**draft, "team": team.pk}
    return _queue(actor, connection=connection, kind=kind, config=shown, secret=secret, draft=draft)


def _kept_secret(
    actor: User,
    kind: str,
    shown: dict[str, Any],
    connection: Connection | None,
    earlier: ConnectionCheck | None,
) -> str:
    is_mine = earlier is not None and earlier.requested_by_id == actor.pk and earlier.kind == kind
    if earlier and is_mine and not services.leads_elsewhere(kind, earlier.config, shown):
        return earlier.secret
    if connection is not None and not services.leads_elsewhere(kind, connection.config, shown):
        return connection.secret
    return ""


def _queue(actor: User, **fields: Any) -> ConnectionCheck:
    check = ConnectionCheck.objects.create(requested_by=actor, **fields)
    transaction.on_commit(partial(check_queued.send_robust, sender=ConnectionCheck, check_id=check.pk))
    return check


@transaction.atomic
def save_checked(*, actor: User, check: ConnectionCheck) -> Connection:
    """Save the draft of a finished test, as a new connection or over the one it edits; its secret moves unopened.

    Raises NotAllowed, Invalid, NotFound (somebody else's test), Conflict (not finished, saved already, edited
    meanwhile).
    """
    held = ConnectionCheck.objects.select_for_update().filter(pk=check.pk, requested_by=actor).first()
    if held is None:
        raise NotFound("There is no such test.")
    if held.status != Status.DONE or not held.draft:
        raise Conflict(
            "This test has nothing to save.",
            kept="Nothing was saved.",
            remedy="Wait until it has finished; what is saved already is on the connection's page.",
        )
    draft = dict(held.draft)
    team = Team.objects.filter(pk=draft.pop("team")).first()
    if team is None:
        raise Invalid("The team is no longer there.", kept="Nothing was saved.", remedy="Choose another.")
    revision = draft.pop("revision", None)
    if held.connection is None:
        saved = services.create_connection(
            actor=actor, kind=held.kind, team=team, config=held.config, secret_token=held.secret, **draft
        )
    else:
        saved = services.edit_connection(
            actor=actor,
            connection=held.connection,
            expected_revision=revision,
            team=team,
            config=held.config,
            secret_token=held.secret,
            **draft,
        )
    _note(saved.pk, held)
    ConnectionCheck.objects.filter(pk=held.pk).update(status=Status.SAVED, secret="", connection=saved)
    return saved


def _note(connection_id: int, check: ConnectionCheck) -> None:
    failed: dict[str, Any] = next((step for step in check.steps if step["ok"] is False), {})
    Connection.objects.filter(pk=connection_id).update(
        checked_at=check.finished_at, check_error=str(failed.get("message", ""))
    )


def run_check(*, check_id: int, seconds: float = SECONDS, now: datetime | None = None) -> bool:
    """Do a queued test, in a worker. A second message for the same test does nothing; returns whether it was done."""
    claimed = ConnectionCheck.objects.filter(pk=check_id, status=Status.QUEUED).update(
        status=Status.RUNNING, started_at=now or timezone.now()
    )
    if not claimed:
        return False
    check = ConnectionCheck.objects.get(pk=check_id)
    result = _tested(check, seconds)
    with transaction.atomic():
        finish_check(check=check, result=result, now=now or timezone.now())
    return True


def finish_check(*, check: ConnectionCheck, result: CheckResult, now: datetime) -> None:
    """Write the steps; the test of a saved connection is also noted there."""
    check.steps = [
        {
            "name": step.name,
            "ok": step.ok,
            "message": step.message,
            "remedy": step.remedy,
            "latency_ms": step.latency_ms,
        }
        for step in result.steps
    ]
    check.is_ok, check.status, check.finished_at = result.ok, Status.DONE, now
    check.save(update_fields=["steps", "is_ok", "status", "finished_at", "updated_at"])
    if check.connection_id is not None and not check.draft:
        _note(check.connection_id, check)
        audit.record(
            actor=check.requested_by,
            verb="connection.tested",
            obj=check.connection,  # type: ignore[arg-type]  # it has an id
            detail={"ok": result.ok},
        )


def _tested(check: ConnectionCheck, seconds: float) -> CheckResult:
    secrets: tuple[str, ...] = ()
    try:
        connector = registry().get(check.kind)
        config = {**_empty_secrets(check.kind), **check.config, **crypto.decrypt(check.secret)}
        secrets = secrets_of(connector.config_fields, config)
        return _redacted(connector.check(config, make_context(seconds=seconds)), secrets)
    except crypto.CannotDecrypt:
        return _failed("The stored credentials cannot be read any more.", "Enter them again.")
    except SourceError as error:
        return _failed(redact(error.message, secrets), redact(error.remedy, secrets))
    except Exception as error:  # a connector of somebody else may raise anything
        message = redact(f"{type(error).__name__}: {error}", secrets)
        logger.error("The connector %s failed in a test: %s", check.kind, message)
        return _failed(f"The connector failed: {message}", "Tell an administrator.")


def _redacted(result: CheckResult, secrets: tuple[str, ...]) -> CheckResult:
    """Connectors of others, and the stores they speak to, may say a secret back; it goes no further."""
    return CheckResult(
        tuple(
            replace(step, message=redact(step.message, secrets), remedy=redact(step.remedy, secrets))
            for step in result.steps
        )
    )


def _empty_secrets(kind: str) -> dict[str, Any]:
    return {field.name: field.default for field in registry().get(kind).config_fields if field.secret}


def _failed(message: str, remedy: str) -> CheckResult:
    names: tuple[Any, ...] = ("reachable", "signed_in", "readable")
    steps = [
        CheckStep(names[0], False, message, remedy),
        *(CheckStep(n, None, "Not tried.") for n in names[1:]),
    ]
    return CheckResult(tuple(steps))


def waiting_checks() -> list[int]:
    """Ids of tests nobody has begun; a doorbell may have been lost."""
    return list(ConnectionCheck.objects.filter(status=Status.QUEUED).values_list("pk", flat=True)[:200])


def release_stale(*, now: datetime | None = None) -> int:
    """Queue tests anew whose worker died, and forget old ones with their secrets; returns how many were queued."""
    now = now or timezone.now()
    ConnectionCheck.objects.filter(created_at__lt=now - KEPT).delete()
    return ConnectionCheck.objects.filter(status=Status.RUNNING, started_at__lt=now - STALE_AFTER).update(
        status=Status.QUEUED, started_at=None
    )
