"""An answer as lines of a file and as JSON: the same for exports and the API."""

import json
from collections.abc import Iterator
from typing import Any

from lineage.impact.answers import Found
from lineage.impact.shown import Row

COLUMNS = (
    "depth", "node", "product", "domain", "owner", "lifecycle", "port", "version", "column", "is_direct", "agreements",
    "criticality", "slo_state", "path",
)  # fmt: skip


def csv_rows(found: Found) -> Iterator[list[Any]]:
    """The cells of each row, in the order of COLUMNS; read while they are sent."""
    for row in found:
        product, port = row.product, row.port
        where = [
            row.depth,
            row.key,
            product.name,
            product.domain.name,
            product.team.name if product.team else "",
        ]
        offer = [port.name, port.version] if port else ["", ""]
        state = [row.agreements, row.criticality, row.slo_state, row.way_words]
        yield [*where, product.lifecycle, *offer, row.path, row.is_direct, *state]


def row_json(row: Row) -> dict[str, Any]:
    """One row for machines; `path` holds null for what may not be seen."""
    product = row.product
    return {
        "depth": row.depth,
        "node": row.key,
        "product": product.key,
        "name": product.name,
        "domain": product.domain.slug,
        "owner": product.team.slug if product.team else None,
        "lifecycle": product.lifecycle,
        "port": row.port_key,
        "column": row.path or None,
        "is_direct": row.is_direct,
        "agreements": row.agreements,
        "criticality": row.criticality or None,
        "slo_state": row.slo_state,
        "path": [step.name if step.url else None for step in row.way],
        "url": row.url,
    }


def about_json(found: Found) -> dict[str, Any]:
    """What is said of the whole answer."""
    return {
        "node": found.asked.node.key,
        "direction": found.asked.way,
        "level": found.asked.level,
        "count": len(found),
        "hidden": found.hidden,
        "unoffered": found.unoffered,
        "deepest": found.deepest,
        "is_known": found.is_known,
        "freshness": found.freshness.as_dict(),
    }


def json_lines(found: Found) -> Iterator[str]:
    """The whole answer as one JSON document, row by row."""
    yield json.dumps(about_json(found), ensure_ascii=False)[:-1] + ', "rows": ['
    for place, row in enumerate(found):
        yield ("," if place else "") + "\n" + json.dumps(row_json(row), ensure_ascii=False)
    yield "\n]}\n"
