"""The addresses clients post to: what is an event is kept, what is none is refused with a reason, nothing is a 5xx."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from catalog.accounts.models import ApiToken, User
from catalog.accounts.services.tokens import create_token
from lineage.models import LineageEvent
from lineage.openlineage import receiving, tasks
from tests.conftest import Cast
from tests.lineage.openlineage.events import dataset, dataset_event, run_event

pytestmark = pytest.mark.django_db
ONE, MANY = "/api/v1/lineage", "/api/v1/lineage/batch"


@pytest.fixture(autouse=True)
def nobody_is_rung(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No worker listens in these tests; the doorbell would only fill a queue in memory."""
    monkeypatch.setattr(tasks, "_silent_until", float("inf"))
    receiving.forget_room()
    yield
    receiving.forget_room()


def token(person: User, scope: str = "lineage") -> dict[str, str]:
    _, secret = create_token(actor=None, person=person, name="a client", scopes=[scope])
    return {"Authorization": f"Bearer {secret}"}


def post(path: str, body: Any, headers: dict[str, str], **others: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().generic("POST", path, data, content_type="application/json", headers=headers, **others)


@pytest.mark.parametrize("path", [ONE, f"{ONE}/"])
def test_an_event_is_kept_with_and_without_a_slash(cast: Cast, path: str) -> None:
    headers = token(cast.owner)
    answer = post(path, run_event(inputs=[dataset("a")]), headers)
    assert (answer.status_code, answer.content) == (201, b"")
    kept = LineageEvent.objects.get()
    assert (kept.kind, kept.event_type, kept.run_key, kept.job_name) == ("run", "COMPLETE", "run-1", "daily")
    assert (kept.state, kept.sent_by, kept.token) == ("waiting", cast.owner, ApiToken.objects.get())
    assert kept.document == run_event(inputs=[dataset("a")])


def test_the_same_event_twice_is_once(cast: Cast) -> None:
    headers = token(cast.owner)
    assert [post(ONE, run_event(), headers).status_code for _ in range(2)] == [201, 201]
    assert post(MANY, [run_event(), run_event()], headers).status_code == 200
    assert LineageEvent.objects.count() == 1


def test_a_packed_body_and_an_api_key_will_do(cast: Cast) -> None:
    secret = token(cast.owner)["Authorization"].removeprefix("Bearer ")
    headers = {"x-api-key": secret, "Content-Encoding": "gzip"}
    assert post(ONE, gzip.compress(json.dumps(run_event()).encode()), headers).status_code == 201
    assert post(ONE, b"not packed at all", headers).status_code == 400
    assert post(ONE, gzip.compress(b"{}")[:-4], headers).status_code == 400
    assert post(ONE, b"{}", headers | {"Content-Encoding": "br"}).status_code == 400


def test_a_bomb_and_a_body_too_large_are_refused(cast: Cast, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
    headers = token(cast.owner)
    packed = gzip.compress(b'{"a":"' + b" " * 50_000_000 + b'"}')
    assert post(ONE, packed, headers | {"Content-Encoding": "gzip"}).status_code == 413
    assert post(ONE, b" " * 100_001, headers).status_code == 413
    assert not LineageEvent.objects.exists()


def test_who_may_send(cast: Cast) -> None:
    assert post(ONE, run_event(), {}).status_code == 401
    assert post(ONE, run_event(), {"x-api-key": "nonsense"}).status_code == 401
    assert post(ONE, run_event(), token(cast.consumer)).status_code == 403
    assert post(ONE, run_event(), token(cast.guest)).status_code == 403
    assert post(ONE, run_event(), token(cast.owner, "read")).status_code == 403
    assert post(ONE, run_event(), token(cast.owner, "write")).status_code == 201
    assert post(ONE, run_event(), token(cast.steward)).status_code == 201


def test_a_token_that_sends_lineage_does_nothing_else(cast: Cast) -> None:
    headers = token(cast.owner)
    assert Client().get("/api/v1/products/", headers=headers).status_code == 403
    assert Client().get("/api/v1/lineage/graph/?node=product:a/b", headers=headers).status_code == 403


def test_a_session_without_the_token_against_forged_requests_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.owner)
    assert client.post(ONE, json.dumps(run_event()), content_type="application/json").status_code == 403
    assert not LineageEvent.objects.exists()


WRONG = [
    ([], "$", "type"),
    ({}, "$", "required"),
    (run_event(eventTime=None), "$.eventTime", "required"),
    (run_event(eventTime="yesterday"), "$.eventTime", "date-time"),
    (run_event(eventTime=17), "$.eventTime", "date-time"),
    (run_event(eventTime="2999-01-01T00:00:00Z"), "$.eventTime", "range"),
    (run_event(eventTime="0001-01-01T00:00:00+14:00"), "$.eventTime", "date-time"),
    (run_event("FINISHED"), "$.eventType", "enum"),
    (run_event() | {"run": {}}, "$.run.runId", "required"),
    (run_event() | {"run": {"runId": "x" * 201}}, "$.run.runId", "type"),
    (run_event() | {"run": None}, "$.run", "required"),
    (run_event() | {"job": None}, "$.job", "required"),
    (run_event() | {"job": {"namespace": "a", "name": "b\x00"}}, "$.job.name", "text"),
    (run_event() | {"job": {"namespace": "a", "name": "\ud800"}}, "$.job.name", "text"),
    (run_event(inputs={}), "$.inputs", "type"),
    (run_event(inputs=[{"namespace": "a"}]), "$.inputs[0].name", "required"),
    (run_event(outputs=[{"namespace": "a", "name": "b", "facets": []}]), "$.outputs[0].facets", "type"),
    ({"eventTime": "2026-01-01T00:00:00Z", "dataset": {"name": "a"}}, "$.dataset.namespace", "required"),
]


@pytest.mark.parametrize(("event", "path", "rule"), WRONG)
def test_what_is_no_event_is_refused_with_the_path(cast: Cast, event: Any, path: str, rule: str) -> None:
    answer = post(ONE, event, token(cast.owner))
    assert answer.status_code == 400
    assert (path, rule) in {(problem["path"], problem["rule"]) for problem in answer.json()["problems"]}
    assert not LineageEvent.objects.exists()


BROKEN = [
    b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"1" * 5_000, b"null",
    b'"\\ud800"', b"{}" * 2,
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN)
@pytest.mark.parametrize("path", [ONE, MANY])
def test_what_is_no_json_is_refused(cast: Cast, body: bytes, path: str) -> None:
    assert post(path, body, token(cast.owner)).status_code == 400


ODD_TIMES = [
    "2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00+05:30", "2026-03-01T12:00:00", "2026-03-01 12:00:00Z",
    "2026-03-01T12:00Z[UTC]", "2026-03-01T13:00:00+01:00[Europe/Paris]", "20260301T120000Z",
]  # fmt: skip


@pytest.mark.parametrize("said", ODD_TIMES)
def test_moments_are_read_as_clients_write_them(cast: Cast, said: str) -> None:
    assert post(ONE, run_event(eventTime=said), token(cast.owner)).status_code == 201
    assert LineageEvent.objects.get().event_at.day == 1


def test_a_batch_says_what_was_taken_and_what_not_and_why(cast: Cast) -> None:
    headers = token(cast.owner)
    answer = post(f"{MANY}/", [run_event(), run_event() | {"job": 7}, dataset_event("a")], headers)
    assert answer.status_code == 200
    assert answer.json()["status"] == "partial_success"
    assert answer.json()["summary"] == {
        "received": 3, "successful": 2, "failed": 1, "retriable": 0, "non_retriable": 1
    }  # fmt: skip
    (failed,) = answer.json()["failed_events"]
    assert (failed["index"], failed["retriable"]) == (1, False)
    assert "$[1].job" in failed["reason"]
    assert LineageEvent.objects.count() == 2
    assert post(MANY, [run_event() | {"job": 7}], headers).status_code == 400
    assert post(MANY, {"events": []}, headers).status_code == 400
    assert post(MANY, [run_event()] * 1_001, headers).status_code == 400
    assert post(MANY, [], headers).json()["status"] == "success"


def test_too_many_waiting_events_ask_the_sender_to_come_back(cast: Cast, settings: Settings) -> None:
    settings.LINEAGE_MOST_WAITING = 1
    headers = token(cast.owner)
    for number in range(2):
        receiving.forget_room()
        assert post(ONE, run_event(run=f"run-{number}", minutes=number) | {"run": {"runId": str(number)}},
                    headers).status_code == 201  # fmt: skip
    receiving.forget_room()
    for path, body in ((ONE, run_event()), (MANY, [run_event()])):
        answer = post(path, body, headers)
        assert (answer.status_code, answer["Retry-After"]) == (503, str(receiving.RETRY_SECONDS))
    assert LineageEvent.objects.count() == 2
