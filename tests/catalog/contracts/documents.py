"""Small documents of our own for the tests of this feature."""

from typing import Any

import yaml


def product(**changes: Any) -> dict[str, Any]:
    """A descriptor of a product that reads play events and offers sessions."""
    data: dict[str, Any] = {
        "apiVersion": "v1.0.0",
        "kind": "DataProduct",
        "id": "urn:example:sessions",
        "name": "Sessions",
        "version": "1.2.0",
        "status": "active",
        "domain": "listening",
        "description": {
            "purpose": "Plays in a row.",
            "usage": "Join on user_id.",
            "limitations": "Web only.",
        },
        "tags": ["plays", "sessions"],
        "team": {"name": "Sessions team", "members": [{"username": "owner", "role": "owner"}]},
        "support": [{"channel": "#sessions", "url": "https://chat.example.com/sessions", "tool": "slack"}],
        "outputPorts": [
            {
                "name": "sessions",
                "version": "1.0.0",
                "type": "table",
                "contractId": "urn:example:sessions-contract",
            }
        ],
        "inputPorts": [{"name": "plays", "version": "1.0.0", "contractId": "urn:example:plays-contract"}],
    }
    return {**data, **changes}


def contract(**changes: Any) -> dict[str, Any]:
    """A contract over one table with a nested field and a promise of freshness."""
    data: dict[str, Any] = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "urn:example:sessions-contract",
        "name": "Sessions contract",
        "version": "1.0.0",
        "status": "active",
        "servers": [{"server": "lake", "type": "duckdb", "database": "lake.duckdb", "schema": "main"}],
        "schema": [
            {
                "name": "sessions",
                "physicalType": "table",
                "description": "One row a session.",
                "properties": [
                    {
                        "name": "session_id", "logicalType": "string", "physicalType": "VARCHAR",
                        "primaryKey": True, "primaryKeyPosition": 1, "required": True, "unique": True,
                    },
                    {"name": "user_id", "logicalType": "string", "classification": "restricted"},
                    {
                        "name": "device", "logicalType": "object",
                        "properties": [{"name": "os", "logicalType": "string"}],
                    },
                    {
                        "name": "tracks", "logicalType": "array",
                        "items": {"logicalType": "object", "properties": [{"name": "isrc", "logicalType": "string"}]},
                    },
                ],
            }
        ],
        "slaProperties": [{"property": "latency", "value": 6, "unit": "h"}],
    }  # fmt: skip
    return {**data, **changes}


def as_yaml(data: dict[str, Any]) -> bytes:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode()
