"""The Celery application, and a real worker on a real broker."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from celery import current_app

import catalog.tasks
from meshportal import celery as portal
from meshportal.cache import PortalCache
from meshportal.valkey import broker_address
from tests import valkey

ROOT = Path(__file__).resolve().parents[2]


def test_every_task_of_ours_has_an_explicit_name_that_says_where_it_lives() -> None:
    portal.app.finalize()
    ours = {name for name in portal.app.tasks if not name.startswith("celery.")}
    assert portal.HEARTBEAT in ours
    assert all(name.startswith(("catalog.", "lineage.", "meshportal.")) for name in ours)


def test_soft_limit_of_every_task_comes_before_its_hard_one() -> None:
    """Celery refuses to send any other: the clock would try for ever, and the task would never run."""
    soft, hard = portal.app.conf.task_soft_time_limit, portal.app.conf.task_time_limit
    for name, task in portal.app.tasks.items():
        if not name.startswith("celery."):
            assert (task.soft_time_limit or soft) < (task.time_limit or hard), name


def test_every_periodic_task_exists_and_does_not_pile_up() -> None:
    portal.app.finalize()
    for name, entry in portal.beat_schedule().items():
        assert name in portal.app.tasks
        assert entry["options"]["expires"] == entry["schedule"].total_seconds()


def test_every_task_can_be_sent_with_its_time_limits() -> None:
    """A task with a hard limit alone keeps the soft one of the settings, and Celery refuses to send it."""
    portal.app.finalize()
    conf = portal.app.conf
    for name, task in portal.app.tasks.items():
        soft = task.soft_time_limit or conf.task_soft_time_limit
        assert soft <= (task.time_limit or conf.task_time_limit), name


def test_task_declared_periodic_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog.tasks, "modules", (*catalog.tasks.modules, *catalog.tasks.modules))
    with pytest.raises(ValueError, match="declared twice"):
        portal.beat_schedule()


def test_lost_workers_messages_come_back_and_none_is_taken_ahead() -> None:
    conf = portal.app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit


def test_features_share_this_application() -> None:
    assert current_app.main == portal.app.main


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("unix:///data/valkey.sock", "redis+socket:///data/valkey.sock"),
        ("valkey://host:6379/1", "redis://host:6379/1"),
        ("rediss://:word@host/0", "rediss://:word@host/0"),
    ],
)
def test_broker_is_named_as_celery_wants_it(url: str, broker: str) -> None:
    assert broker_address(url) == broker


@pytest.fixture
def broker() -> Iterator[str]:
    with valkey.running() as url:
        yield url


@pytest.mark.slow
def test_worker_on_a_unix_socket_runs_what_was_asked_before_it_started(broker: str, tmp_path: Path) -> None:
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))},
        "MESHPORTAL_DATA_DIR": str(tmp_path),
        "MESHPORTAL_REDIS_URL": broker,
    }
    ask = "from meshportal.celery import heartbeat; import django; django.setup(); heartbeat.delay()"
    subprocess.run([sys.executable, "-c", ask], cwd=ROOT, env=env, check=True)
    cache = PortalCache(broker, {"KEY_PREFIX": "meshportal-cache"})
    assert cache._cache.get_client(None).llen("meshportal-jobs:celery") == 1
    arguments = "--quiet -A meshportal.celery worker --pool threads --concurrency 1 --loglevel ERROR"
    worker = subprocess.Popen([sys.executable, "-m", "celery", *arguments.split()], cwd=ROOT, env=env)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            heard = cache.get(portal.HEARTBEAT_KEY)
            if heard and cache._cache.get_client(None).llen("meshportal-jobs:celery") == 0:
                break
            time.sleep(0.1)
        assert isinstance(heard, datetime)
        assert cache._cache.get_client(None).llen("meshportal-jobs:celery") == 0
    finally:
        worker.terminate()
        worker.wait(20)
