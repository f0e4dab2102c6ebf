"""`dbt-ol` as its package has it, on a real project (dbt with DuckDB), against a running portal."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.environment import DBT, client_commands
from tests.running_portal import Portal, started_portal

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(1_200)]
PREPARE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from catalog.accounts.services.tokens import create_token
from tests.conftest import make_cast
cast = make_cast()
print(json.dumps(create_token(actor=None, person=cast.owner, name="dbt", scopes=["lineage", "write"])[1]))
"""
PROJECT = {
    "dbt_project.yml": 'name: shop\nversion: "1.0"\nprofile: shop\n',
    "profiles.yml": "shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, threads: 2}}}\n",
    "seeds/raw_orders.csv": "id,customer,amount\n1,ann,5\n2,bob,7\n3,ann,2\n",
    "models/orders.sql": "select id, customer, amount from {{ ref('raw_orders') }} where amount > 0\n",
    "models/totals.sql": (
        "{{ config(materialized='table') }} "
        "select customer, sum(amount) as total from {{ ref('orders') }} group by 1\n"
    ),
    "models/schema.yml": (
        "models:\n  - name: orders\n    columns:\n      - {name: id, data_tests: [not_null, unique]}\n"
    ),
}
CLAIM = """
from catalog.assets.models import Asset
from catalog.products.models import DataProduct
from tests import factories as make
orders = Asset.objects.get(name="shop.main.orders")
make.make_port(DataProduct.objects.get(slug="play-events"), "orders", asset=orders)
print(json.dumps(orders.namespace))
"""
IMPORT = """
from io import StringIO
from django.core.management import call_command
said = StringIO()
call_command("import_dbt", {target!r}, team="listening-team", namespace={namespace!r}, username="owner", json=True,
             stdout=said)
print(said.getvalue())
"""
EDGES = """
SELECT DISTINCT u.name, d.name FROM lineage_lineageedge e JOIN catalog_asset u ON u.id = e.upstream_id
JOIN catalog_asset d ON d.id = e.downstream_id
WHERE e.upstream_kind = 'asset' AND e.valid_to IS NULL AND e.source = '{}' ORDER BY 1
"""
COLUMNS = """
SELECT DISTINCT u.path, d.path FROM lineage_columnedge e JOIN lineage_column u ON u.id = e.upstream_id
JOIN lineage_column d ON d.id = e.downstream_id JOIN catalog_asset a ON a.id = d.asset_id
WHERE e.source = 'dbt' AND e.is_direct AND a.name = 'shop.main.totals' ORDER BY 1
"""
NOT_READ = "SELECT count(*) FROM lineage_lineageevent WHERE state <> 'projected'"


@pytest.fixture
def portal() -> Iterator[Portal]:
    with started_portal() as portal:
        yield portal


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def run(project: Path, *command: str, **more: str) -> str:
    """What the command prints."""
    commands = client_commands(DBT)
    env = {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "HOME": str(project), "NO_COLOR": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "0", **more,
    }  # fmt: skip
    done = subprocess.run(
        [str(commands / command[0]), *command[1:]], cwd=project, env=env, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_what_dbt_ol_emits_is_kept_and_read_and_an_import_says_the_same(
    portal: Portal, project: Path
) -> None:
    secret = portal.run(PREPARE)
    portal.worker()
    address = portal.web()
    said = run(
        project, "dbt-ol", "build", "--profiles-dir", ".", OPENLINEAGE_URL=address, OPENLINEAGE_API_KEY=secret
    )
    emitted = re.search(r"Emitted (\d+) OpenLineage events", said)
    assert emitted, said
    assert int(emitted[1]) >= 8, said
    assert portal.rows("SELECT count(*) FROM lineage_lineageevent") == [(int(emitted[1]),)], said
    portal.wait(NOT_READ, [(0,)], 120)
    wanted = [("shop.main.orders", "shop.main.totals"), ("shop.main.raw_orders", "shop.main.orders")]
    assert portal.rows(EDGES.format("openlineage")) == wanted
    runs = "SELECT DISTINCT state, sent_by_id IS NULL FROM lineage_run"
    assert portal.rows(runs) == [("completed", 0)]

    run(project, "dbt", "docs", "generate", "--profiles-dir", ".", "--no-compile")
    namespace = portal.run(CLAIM)
    told = portal.run(IMPORT.format(target=str(project / "target"), namespace=namespace))
    assert told["status"] in ("queued", "running", "succeeded"), told  # the worker may have been quicker
    results = "SELECT status, json_extract(counts, '$.results') FROM lineage_dbtimport"
    portal.wait(results, [("succeeded", 2)], 120)  # the tests of the one dataset that a port offers
    assert portal.rows(EDGES.format("dbt")) == wanted
    assert portal.rows(COLUMNS) == [("amount", "total"), ("customer", "customer")]
