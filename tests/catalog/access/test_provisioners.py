"""Provisioners: those of the portal keep the contract on real servers, one of somebody else is built as a package,
installed, and grants; a broken one is shown and skipped."""

import importlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from catalog.access import provisioners as known
from catalog.access.contract import examine, shape_of
from catalog.access.models import PortTerms
from catalog.access.provisioners import BY_HAND, provisioner_of, provisioners
from catalog.access.services.agreeing import name_principal
from catalog.access.services.ending import expire_due
from catalog.access.services.rules import set_terms
from catalog.access.services.running import grant_of, provision_due
from catalog.access.stores import CannotProvision, Grant, Reader
from tests import factories as make
from tests.catalog.access.asking import agreed
from tests.catalog.access.granting_stores import offered, opened
from tests.catalog.connections.connectors.test_plugin_package import wheel
from tests.conftest import Cast

ROOT = Path(django_settings.BASE_DIR)
GRANT = Grant(
    agreement_id=1, principal="reader", mode="", columns=(), config={"password": "open-sesame"}, address={}
)


def documented() -> tuple[str, str]:
    """The provisioner of the documentation, and how its author tries it."""
    code, tried = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "access.md").read_text(), re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 30, "short enough to be read"
    return code, tried


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path with three packages installed: a good one, one that cannot be imported, one that takes a
    name that is taken."""
    folder = tmp_path / "site"
    group = known.GROUP
    broken = "raise ImportError('libgate.so.3: no such file, password=open-sesame')\n"
    good, entry = documented()[0], "gateway_of_somebody:GatewayProvisioner"
    taken = good.replace('"gateway"', '"postgresql"')
    for package in (
        wheel(tmp_path, "gateway_of_somebody", good, f"gateway = {entry}", group),
        wheel(tmp_path, "broken_of_somebody", broken, "gate = broken_of_somebody:Gate", group),
        wheel(tmp_path, "taken_of_somebody", taken, "pg = taken_of_somebody:GatewayProvisioner", group),
    ):
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("GATEWAY_LIST", str(tmp_path / "list.json"))
    importlib.invalidate_caches()
    known.found.cache_clear()
    yield folder
    known.found.cache_clear()
    for name in ("gateway_of_somebody", "taken_of_somebody"):
        sys.modules.pop(name, None)


@pytest.mark.django_db
def test_an_installed_provisioner_grants_and_takes_away(site: Path, cast: Cast, tmp_path: Path) -> None:
    place = make.make_connection("Files", kind="sqlite", config={"path": "/x"}, team=cast.listening_team)
    port = make.make_port(cast.play_events, "plays", connection=place, asset=make.make_asset(place, "plays"))
    set_terms(actor=cast.owner, port=port, provisioner="gateway")
    agreement = agreed(cast.consumer, port, cast.owner)
    name_principal(actor=cast.owner, agreement=agreement, principal="reader")
    assert provision_due() == 1
    agreement.refresh_from_db()
    assert agreement.provisioning == "granted"
    assert json.loads((tmp_path / "list.json").read_text()) == {"reader": []}
    assert agreement.ends_at is not None
    expire_due(now=agreement.ends_at)
    provision_due(now=agreement.ends_at)
    agreement.refresh_from_db()
    assert agreement.provisioning == "removed"
    assert json.loads((tmp_path / "list.json").read_text()) == {}


@pytest.mark.django_db
def test_a_broken_one_is_shown_to_those_who_run_the_portal_and_skipped(site: Path, cast: Cast) -> None:
    client = Client()
    client.force_login(cast.admin)
    body = client.get("/operations/").content.decode()
    assert "broken-of-somebody" in body
    assert "libgate.so.3" in body
    assert "open-sesame" not in body
    assert "a provisioner called postgresql exists already" in body
    assert "gateway" in provisioners()
    assert "gate" not in provisioners()
    assert type(provisioners()["postgresql"]).__module__.startswith("catalog.")


def test_its_author_tries_it_without_django_or_a_portal(site: Path, tmp_path: Path) -> None:
    script = tmp_path / "tried.py"
    script.write_text(
        "from gateway_of_somebody import GatewayProvisioner\n" + documented()[1] + 'print("kept")\n'
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
            "GATEWAY_LIST": str(tmp_path / "own.json"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("kept", "")


def test_what_is_not_installed_is_granted_by_hand() -> None:
    assert provisioner_of(PortTerms(provisioner="magic")).name == BY_HAND
    assert not provisioner_of(PortTerms(provisioner="none")).needs_work
    assert list(provisioners())[:4] == ["manual", "none", "postgresql", "mariadb"]


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_the_portals_own_keep_the_contract(cast: Cast, kind: str, tmp_path: Path, settings: Settings) -> None:
    with opened(kind, tmp_path) as store:
        settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
        settings.ALLOWED_PORTS = [store.config["port"]]
        store.reset()
        agreement = agreed(cast.consumer, offered(cast, store), cast.owner)
        agreement.principal = store.reader
        grant = grant_of(agreement)
        other = replace(grant, columns=("id",))

        def can_read() -> bool:
            return store.reads(f"id FROM {store.table}")

        assert examine(provisioners()[kind], grant, other=other, can_read=can_read) == []


class Memory:
    """A provisioner that works; each test spoils one thing."""

    name, title, needs_work, kinds = "memory", "In memory", True, ()

    def __init__(self) -> None:
        self.there: dict[str, tuple[str, ...]] = {}

    def grant(self, grant: Grant) -> None:
        if not grant.principal:
            raise CannotProvision("Nobody is named.")
        self.there[grant.principal] = grant.columns

    def missing(self, grant: Grant) -> str:
        return "" if self.there.get(grant.principal) == grant.columns else "It is not there."

    def revoke(self, grant: Grant) -> None:
        self.there.pop(grant.principal, None)

    def left(self, grant: Grant) -> str:
        return "It is there." if grant.principal in self.there else ""

    def readers(self, stored: Any) -> list[Reader]:
        return [Reader((name,), f"{name} can read.") for name in self.there]


class Adding(Memory):
    """Adds to what is there."""

    def grant(self, grant: Grant) -> None:
        super().grant(grant)
        self.there[grant.principal] = (*grant.columns, "once more")


class Keeping(Memory):
    def revoke(self, grant: Grant) -> None:
        """Says that it is gone."""

    def left(self, grant: Grant) -> str:
        return "" if grant.columns == () and self.calls() > 1 else super().left(grant)

    def calls(self) -> int:
        self.count = getattr(self, "count", 0) + 1
        return self.count


class Careless(Memory):
    def grant(self, grant: Grant) -> None:
        if not grant.principal:
            raise CannotProvision(f"Nobody is named: {grant.config}")
        super().grant(grant)


class Rough(Memory):
    def grant(self, grant: Grant) -> None:
        if not grant.principal:
            raise KeyError(grant.principal)
        super().grant(grant)


class Blind(Memory):
    def readers(self, stored: Any) -> list[Reader]:
        return []


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Adding(), "grant: granted once"),
        (Keeping(), "the consumer can read"),
        (Careless(), "a secret stands in what it says"),
        (Rough(), "raises KeyError instead of CannotProvision"),
        (Blind(), "whoever was granted it is not among them"),
    ],
)
def test_the_contract_finds_what_is_wrong(made: Memory, words: str) -> None:
    found = examine(made, GRANT, can_read=lambda: "reader" in made.there)
    assert any(words in item for item in found), found


def test_a_sound_one_keeps_it_and_a_half_one_is_named() -> None:
    assert examine(Memory(), GRANT, other=replace(GRANT, columns=("id",))) == []

    class Half:
        name, title, needs_work, kinds = "half", "Half", True, ()

        def grant(self, grant: Grant) -> None: ...

    assert "not all of" in next(shape_of(Half()))
    assert "lacks" in next(shape_of(object()))
