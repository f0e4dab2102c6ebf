"""A worker killed between what it did in the store and what it noted of it: the grant still ends, without a person."""

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.catalog.access.granting_stores import Postgres
from tests.faults.gate import Gate, gate_before
from tests.faults.running import Portal, running, wait_for
from tests.postgres_server import running as running_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.postgres,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc"),
]
MINUTES = 150  # seconds in which work of every minute is certainly begun
SEED = """
from types import SimpleNamespace
from catalog.access.services.agreeing import name_principal
from catalog.accounts.models import Team, User
from catalog.domains.models import Domain
from tests import factories as make
from tests.catalog.access.asking import agreed
from tests.catalog.access.granting_stores import Postgres, offered
owner, consumer = (User.objects.get(username=name) for name in ("owner", "consumer"))
product = make.make_product("Granted events", domain=Domain.objects.get(slug="listening"))
make.make_stewardship(product, owner, "business_owner")
team = Team.objects.get(slug="listening-team")
cast = SimpleNamespace(owner=owner, listening_team=team, play_events=product)
place = {"kind": Postgres.kind, "provisioner": Postgres.provisioner, "address": Postgres.address, "config": CONFIG}
port = offered(cast, SimpleNamespace(**place))
agreement = agreed(consumer, port, owner)
name_principal(actor=owner, agreement=agreement, principal=Postgres.reader)
print(json.dumps(agreement.pk))
"""
# Time passes: what was agreed until some day ends now.
END = """
from django.utils import timezone
from catalog.access.models import Agreement
Agreement.objects.filter(pk=PK).update(ends_at=timezone.now(), agreed_until=timezone.now())
"""
JUDGE = """
from django.utils import timezone
from catalog.access.models import Agreement
found = Agreement.objects.get(pk=PK)
print(json.dumps([found.provisioning, found.verdict(timezone.now()).word]))
"""


def kill_when(
    portal: Portal, gate: Gate, is_done: Callable[[], bool], judged: Callable[[], list[str]], words: str
) -> list[str]:
    """Kill the worker when the store is so and the worker, who comes to look at what it did, waits at the gate.

    Answers what the portal says then, before the next worker can look."""
    gate.waits.clear()
    gate.is_shut = is_done
    wait_for(gate.waits.is_set, MINUTES, words)
    killed = portal.kill("worker")
    said = judged()
    gate.is_shut = lambda: False
    wait_for(lambda: portal.pid_of("worker") not in (0, killed), 60, "no worker again")
    return said


def test_what_was_granted_and_never_noted_ends_when_the_agreement_does() -> None:
    with ExitStack() as opened:
        store = Postgres(opened.enter_context(running_server()))
        gate = opened.enter_context(gate_before(store.server.port))
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="mp-"))
        ports = {"MESHPORTAL_ALLOWED_PORTS": str(gate.port)}
        portal = opened.enter_context(running(Path(folder), **ports))
        config = {**store.config, "port": gate.port}
        reading = f"* FROM {store.table}"
        assert not store.reads(reading)
        gate.is_shut = lambda: store.reads(reading)  # before there is anything to grant
        pk = portal.run(SEED.replace("CONFIG", repr(config)))

        def judged() -> list[str]:
            return portal.run(JUDGE.replace("PK", str(pk)))

        said = kill_when(portal, gate, lambda: store.reads(reading), judged, "nothing was granted")
        assert store.reads(reading), "it was granted in the store"
        assert said == ["in_progress", "being granted"], "and not noted, yet not denied either"

        portal.run(END.replace("PK", str(pk)))
        assert judged()[1] == "expired, not removed yet"
        # The worker that takes it away is killed before it has noted that.
        said = kill_when(portal, gate, lambda: not store.reads(reading), judged, "nothing was removed")
        assert not store.reads(reading)
        assert said == ["removing", "expired, not removed yet"], "what nobody has seen is not said"

        wait_for(lambda: judged() == ["removed", "expired"], MINUTES, lambda: f"it is left {judged()}")
        assert not store.reads(reading)
