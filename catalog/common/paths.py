"""JSON paths, the way problems name a place in a document: `$.schema[0].name`."""

import json
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def child_path(parent: str, key: str | int) -> str:
    """The JSON path of a member: `$.servers[0].host`, `$['odd key']`."""
    if isinstance(key, int):
        return f"{parent}[{key}]"
    return f"{parent}.{key}" if _PLAIN.match(key) else f"{parent}[{json.dumps(key, ensure_ascii=False)}]"


def json_path(keys: Iterable[str | int]) -> str:
    """The JSON path of a sequence of keys and indexes."""
    path = "$"
    for key in keys:
        path = child_path(path, key)
    return path


def parent_path(path: str) -> str:
    """`$.a[0].b` -> `$.a[0]`; the parent of `$` is empty."""
    return re.sub(r"(\.[^.\[\]]+|\[[^\]]*\])\Z", "", path) if path != "$" else ""
