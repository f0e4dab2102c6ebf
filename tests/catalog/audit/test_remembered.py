"""What is remembered: shared by those who may see the same, new after every change, and never needed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection, router, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalog.audit.models import AuditEvent
from catalog.audit.remembered import forget_on_commit, mesh_version, remembered
from catalog.products import services
from catalog.products.facets import FACETS
from tests import valkey
from tests.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with valkey.running() as address:
        yield address


@pytest.fixture
def cache(server: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The portal's own cache on a real Valkey, empty."""
    settings.CACHES = {
        "default": {"BACKEND": "meshportal.cache.PortalCache", "LOCATION": server, "KEY_PREFIX": "t"}
    }
    found = caches["default"]
    found.clear()
    return found


def counter() -> Callable[[], int]:
    """Answers how often it was asked."""
    calls: list[int] = []

    def compute() -> int:
        calls.append(1)
        return len(calls)

    return compute


def test_computed_once_for_a_scope_and_apart_for_another(cache: Any) -> None:
    compute = counter()
    assert [remembered("x", ["mesh"], compute) for _ in range(3)] == [1, 1, 1]
    assert remembered("x", ["team:3"], compute) == 2
    assert remembered("y", ["mesh"], compute) == 3


class LateReplica:
    """A router as `meshportal.replica` has it, whose replica is read outside of transactions only."""

    def db_for_read(self, model: Any, **_: Any) -> str:
        return "default" if connection.in_atomic_block else "replica"


def test_nothing_is_remembered_of_what_a_late_replica_says(cache: Any, settings: Settings) -> None:
    settings.DATABASE_ROUTERS = ["tests.catalog.audit.test_remembered.LateReplica"]
    read_at = remembered("x", [], lambda: router.db_for_read(AuditEvent))
    assert router.db_for_read(AuditEvent) == "replica"
    assert read_at == "default"


def test_a_change_makes_it_new_when_it_is_committed_and_not_before(cache: Any, cast: Cast) -> None:
    compute = counter()
    remembered("x", [], compute)
    with transaction.atomic():
        for _ in range(3):
            forget_on_commit()
        version = mesh_version()
    assert mesh_version() != version
    assert remembered("x", [], compute) == 2
    with transaction.atomic():
        forget_on_commit()
        transaction.set_rollback(True)
    assert remembered("x", [], compute) == 2


def test_nothing_is_remembered_inside_a_transaction(cache: Any) -> None:
    compute = counter()
    with transaction.atomic():
        remembered("x", [], compute)
    assert remembered("x", [], compute) == 2


def test_wiped_it_is_computed_anew(cache: Any) -> None:
    compute = counter()
    remembered("x", [], compute)
    cache.clear()
    assert remembered("x", [], compute) == 2
    assert remembered("x", [], compute) == 2


def test_without_a_server_everything_is_computed(settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "meshportal.cache.PortalCache", "LOCATION": "unix:///nowhere/at-all.sock"}
    }
    compute = counter()
    assert [remembered("x", [], compute) for _ in range(2)] == [1, 2]
    forget_on_commit()


def test_switched_off_everything_is_computed(cache: Any, settings: Settings) -> None:
    settings.REMEMBER_SECONDS = 0
    compute = counter()
    assert [remembered("x", [], compute) for _ in range(2)] == [1, 2]


def test_pages_count_a_change_at_once_and_only_for_those_who_may_see_it(cache: Any, cast: Cast) -> None:
    """With everything remembered: the filters of the list, and the health of domains at home."""

    def seen(client: Client) -> tuple[int, str]:
        facets = dict(client.get("/products/").context["facets"])
        listening = next(value for value in facets["Domain"] if value.label.strip() == "Listening")
        return listening.count, str(client.get("/").context["home"].branches)

    owner, consumer = Client(), Client()
    owner.force_login(cast.owner)
    consumer.force_login(cast.consumer)
    first = seen(owner)
    assert first[0] == seen(consumer)[0] == 1
    assert seen(owner) == first
    secret = services.create_product(
        actor=cast.owner, domain=cast.listening, name="Whistle blowers", visibility="private"
    )
    assert seen(owner)[0] == 2
    assert seen(consumer)[0] == 1
    services.edit_product(actor=cast.owner, product=secret, visibility="mesh")
    assert seen(owner)[0] == 2


def test_remembering_spares_the_database(cache: Any, cast: Cast, settings: Settings) -> None:
    client = Client()
    client.force_login(cast.consumer)
    with CaptureQueriesContext(connection) as first:
        client.get("/products/")
    with CaptureQueriesContext(connection) as second:
        client.get("/products/")
    assert len(second) <= len(first) - len(FACETS)
