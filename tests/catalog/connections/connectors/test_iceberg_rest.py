"""Iceberg REST catalogs that never end: bounded in what is kept. Needs no extra."""

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from catalog.connections.connectors.iceberg import IcebergConnector
from catalog.connections.connectors.iceberg_rest import LONGEST_NAME, RestCatalog
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import configured, context


def test_a_catalog_without_end_is_read_as_far_as_it_is_wanted() -> None:
    asked: list[str] = []

    def tables(handler: BaseHTTPRequestHandler) -> None:
        number = int(parse_qs(urlsplit(handler.path).query).get("pageToken", ["0"])[0])
        asked.append(handler.path)
        names = [{"name": f"t{number:04}_{i:03}"} for i in range(100)] + [
            {"name": "x" * LONGEST_NAME},
            {"name": 7},
        ]
        answer = {"identifiers": names, "next-page-token": str(number + 1)}
        serve.content(json.dumps(answer).encode(), "application/json")(handler)

    def namespaces(handler: BaseHTTPRequestHandler) -> None:
        is_top = "parent" not in handler.path
        answer = {"namespaces": [["sales"], ["y" * (LONGEST_NAME + 1)]] if is_top else []}
        serve.content(json.dumps(answer).encode(), "application/json")(handler)

    answers: dict[str, serve.Answer] = {
        "/v1/config": serve.content(b"{}", "application/json"),
        "/v1/namespaces": namespaces,
        "/v1/namespaces/sales/tables": tables,
    }
    with serve.http_server(answers) as base:
        catalog = RestCatalog(configured(IcebergConnector(), catalog=base), context(seconds=20))
        found = catalog.names(250)
    assert found == [f"sales.t{n // 100:04}_{n % 100:03}" for n in range(250)]
    assert len(asked) == 3
