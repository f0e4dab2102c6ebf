"""A small project of dbt, as artifacts of any version: written by us, shaped as dbt writes them."""

import json
from collections.abc import Iterable
from typing import Any

from lineage.dbt.models import DbtImport
from lineage.dbt.running import run_import
from lineage.dbt.services import request_import

Data = dict[str, Any]


def node(kind: str, name: str, upstream: Iterable[str] = (), sql: str = "", **members: Any) -> Data:
    return {
        "unique_id": f"{kind}.shop.{name}", "resource_type": kind, "name": name, "package_name": "shop",
        "database": "db", "schema": "public", "alias": name, "depends_on": {"nodes": list(upstream)},
        "config": {"materialized": "view"}, "columns": {}, "description": f"About {name}.", "compiled_code": sql,
        **members,
    }  # fmt: skip


def manifest(version: int = 12, generated_at: str = "2026-03-01T10:00:00Z") -> Data:
    """A source, a seed, an ephemeral model between two models, a test, an exposure."""
    source = node("source", "raw.orders", identifier="raw_orders", alias=None, compiled_code=None,
                  unique_id="source.shop.raw.orders")  # fmt: skip
    nodes = [
        node("seed", "countries", config={"materialized": "seed"}),
        node("model", "stg_orders", ["source.shop.raw.orders"],
             'select id as order_id, amount, country from "db"."public"."raw_orders" where amount > 0'),
        node("model", "between", ["model.shop.stg_orders"], config={"materialized": "ephemeral"}),
        node("model", "orders", ["model.shop.between", "seed.shop.countries"],
             'select s.order_id, c.name as country_name from "db"."public"."stg_orders" s '
             'join "db"."public"."countries" c on c.code = s.country',
             config={"materialized": "table", "group": "finance"}, version="2",
             columns={"order_id": {"name": "order_id", "description": "The order."}}),
        node("test", "not_null_orders_order_id", ["model.shop.orders"], attached_node="model.shop.orders",
             column_name="order_id", test_metadata={"name": "not_null", "kwargs": {"column_name": "order_id"}}),
    ]  # fmt: skip
    exposure = {
        "unique_id": "exposure.shop.board", "resource_type": "exposure", "name": "board", "type": "dashboard",
        "owner": {"name": "Ada", "email": "ada@example.org"}, "depends_on": {"nodes": ["model.shop.orders"]},
    }  # fmt: skip
    return {
        "metadata": {
            "dbt_schema_version": f"https://schemas.getdbt.com/dbt/manifest/v{version}.json", "dbt_version": "1.9.0",
            "generated_at": generated_at, "project_name": "shop", "adapter_type": "postgres",
        },
        "nodes": {one["unique_id"]: one for one in nodes},
        "sources": {source["unique_id"]: source},
        "exposures": {exposure["unique_id"]: exposure},
    }  # fmt: skip


def catalog() -> Data:
    def table(**columns: str) -> Data:
        listed = {
            name: {"name": name, "type": kind, "index": place}
            for place, (name, kind) in enumerate(columns.items(), start=1)
        }
        return {"metadata": {"type": "BASE TABLE"}, "columns": listed}

    return {
        "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"},
        "nodes": {
            "seed.shop.countries": table(code="text", name="text"),
            "model.shop.stg_orders": table(order_id="bigint", amount="numeric", country="text"),
            "model.shop.orders": table(order_id="bigint", country_name="text"),
        },
        "sources": {"source.shop.raw.orders": table(id="bigint", amount="numeric", country="text")},
    }


def imported(*documents: Any, actor: Any = None, team: str = "listening-team", **options: Any) -> DbtImport:
    """Asked for and done."""
    files = [
        (f"file{place}.json", [one if isinstance(one, bytes) else json.dumps(one).encode()])
        for place, one in enumerate(documents)
    ]
    job = request_import(actor=actor, files=files, team=team, **options)
    run_import(import_id=job.pk)
    job.refresh_from_db()
    return job
