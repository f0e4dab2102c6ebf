"""Paths of nested fields: `customer.address.city`, `items[].sku`, `labels{}.text`."""

_SPECIAL = frozenset('.[]{}"')


def child_path(parent: str, name: str) -> str:
    """The path of a field below `parent`; names that hold path characters are quoted: `"a.b".c`."""
    part = '"' + name.replace('"', '""') + '"' if not name or _SPECIAL & set(name) else name
    return f"{parent}.{part}" if parent else part
