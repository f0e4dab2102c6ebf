"""Unmodified command lines of others work against the portal: published, tested, linted, by real processes."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clients.environment import client_commands
from tests.running_portal import Portal, started_portal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CONTRACT = "https://contracts.example.com/orders:v1"
PRODUCT = "urn:example:product:orders"
PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from catalog.accounts.services import create_token
from tests.conftest import make_cast
cast = make_cast()
print(json.dumps([
    create_token(actor=person, person=person, name="ci", days=1, scopes=["read", "write"])[1]
    for person in (cast.owner, cast.consumer)
]))
"""


@dataclass
class Shell:
    """A folder in which the clients run, with a portal as their platform."""

    folder: Path
    commands: Path
    host: str
    portal: Portal
    owner_key: str
    consumer_key: str

    def run(self, *command: str, key: str = "", status: int | None = 0) -> str:
        """What a client prints, out and err; its exit status must be `status`."""
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")}
        env = kept | {
            "PATH": f"{self.commands}{os.pathsep}{os.environ['PATH']}",
            "ENTROPY_DATA_HOST": self.host,
            "ENTROPY_DATA_API_KEY": key or self.owner_key,
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "PYTHONIOENCODING": "utf-8",
        }
        done = subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=300, check=False
        )
        words = done.stdout + done.stderr
        assert status is None or done.returncode == status, words
        return words

    def write(self, name: str, data: dict[str, Any]) -> str:
        (self.folder / name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return name


def contract(
    version: str = "1.0.0", *, fields: tuple[str, ...] = ("order_id", "customer_id")
) -> dict[str, Any]:
    """A contract over a CSV file beside it, whose customers must not be missing and are."""
    types = {"order_id": "integer", "customer_id": "string"}
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": CONTRACT,
        "name": "Orders",
        "version": version,
        "status": "active",
        "servers": [{"server": "local", "type": "local", "path": "./orders.csv", "format": "csv"}],
        "schema": [
            {
                "name": "orders",
                "physicalType": "table",
                "properties": [
                    {"name": name, "logicalType": types[name], "required": True} for name in fields
                ],
            }
        ],
    }


def product() -> dict[str, Any]:
    return {
        "apiVersion": "v1.0.0",
        "kind": "DataProduct",
        "id": PRODUCT,
        "name": "Orders",
        "version": "1.0.0",
        "status": "active",
        "domain": "listening",
        "outputPorts": [{"name": "orders", "version": "1.0.0", "type": "table", "contractId": CONTRACT}],
    }


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    commands = client_commands()
    folder = tmp_path_factory.mktemp("clients")
    (folder / "orders.csv").write_text("order_id,customer_id\n1,a\n2,\n3,c\n", encoding="utf-8")
    with started_portal() as portal:
        owner, consumer = portal.run(PREPARE)
        portal.worker()
        yield Shell(folder, commands, portal.web(), portal, owner, consumer)


def test_real_clients_publish_test_and_lint(shell: Shell) -> None:
    shell.write("contract.odcs.yaml", contract())
    shell.write("product.odps.yaml", product())
    assert "Published data contract successfully" in shell.run(
        "datacontract", "publish", "contract.odcs.yaml"
    )

    tested = shell.run(
        "datacontract", "test", "contract.odcs.yaml", "--publish", f"{shell.host}/api/test-results", status=1
    )
    assert "Error publishing" not in tested
    assert "Failed publishing" not in tested
    assert shell.portal.rows("SELECT tool FROM catalog_waitingresults") == [("datacontract-cli",)]

    said = shell.run("dataproduct", "publish", "product.odps.yaml")
    assert "Published data product successfully" in said
    assert f"Open {shell.host}/products/listening/orders/" in said
    outcomes = "SELECT outcome, count(*) FROM catalog_checkresult GROUP BY outcome ORDER BY outcome"
    assert shell.portal.rows(outcomes) == [("failed", 1), ("passed", 3)]

    linted = shell.run("dataproduct", "lint", "product.odps.yaml")
    assert "is resolvable" in linted
    assert "passes datacontract lint" in linted
    assert "warning" not in linted.lower()

    shell.run(
        "datacontract", "test", "contract.odcs.yaml", "--publish", f"{shell.host}/api/test-results", status=1
    )
    assert shell.portal.rows(outcomes) == [("failed", 2), ("passed", 6)]
    assert shell.portal.rows("SELECT count(*) FROM catalog_qualitycheck") == [(4,)]


def test_real_client_is_told_why_a_breaking_minor_version_is_refused(shell: Shell) -> None:
    shell.write("contract.odcs.yaml", contract())
    shell.run("datacontract", "publish", "contract.odcs.yaml")
    shell.write("smaller.odcs.yaml", contract("1.1.0", fields=("order_id",)))
    said = shell.run("datacontract", "publish", "smaller.odcs.yaml", status=None)
    assert "too small a step" in said
    assert "Published" not in said


def test_real_clients_learn_nothing_of_what_their_key_may_not_see(shell: Shell) -> None:
    shell.write("other.odcs.yaml", {**contract(), "id": "urn:example:other"})
    said = shell.run("datacontract", "publish", "other.odcs.yaml", key=shell.consumer_key, status=None)
    assert "nothing you may see" in said
