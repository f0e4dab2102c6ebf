"""Data as YAML text that reads back as exactly the same data, for every reader: dates and times stay quoted text."""

from typing import Any

import yaml

_FAST: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def to_yaml(data: Any) -> str:
    """Plain data (maps with text keys, lists, texts, numbers, truth values, null) as YAML in its own order.

    Anchors are never written: what stands twice is written twice. Texts that a reader could take for a number, a
    date or a truth value are quoted.
    """
    try:
        return _dump(data, _FAST)
    except UnicodeEncodeError:  # half of a surrogate pair in JSON: only the slower writer escapes it
        return _dump(data, yaml.SafeDumper)


def _dump(data: Any, base: Any) -> str:
    text: str = yaml.dump(
        data,
        Dumper=_without_anchors(base),
        sort_keys=False,
        allow_unicode=True,
        width=110,
        default_flow_style=False,
    )
    return text


def _without_anchors(base: Any) -> Any:
    return type("PlainDumper", (base,), {"ignore_aliases": lambda self, data: True})
