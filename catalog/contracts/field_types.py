"""How physical types relate: which only widens another. Pure; a preorder, so that small steps cannot cheat."""

import re

_LADDERS = (
    ("tinyint", "int8"), ("smallint", "int2", "int16"), ("mediumint",), ("int", "integer", "int4", "int32"),
    ("bigint", "int64", "long"), ("hugeint", "int128"),
)  # fmt: skip
_WHOLE = {name: rank for rank, names in enumerate(_LADDERS) for name in names}
_FLOATS = {
    "real": 0,
    "float4": 0,
    "float32": 0,
    "float": 0,
    "double": 1,
    "double precision": 1,
    "float8": 1,
    "float64": 1,
}
_TEXTS = frozenset(
    {"varchar", "character varying", "text", "string", "nvarchar", "varchar2", "clob", "str", "longtext"}
)
_DECIMALS = frozenset({"decimal", "numeric", "number"})
_PARTS = re.compile(r"([^()]+?)\s*(?:\(\s*([\d\s,]+)\)\s*([^()]*))?\Z")


def widens(before: str, after: str) -> bool:
    """Whether every value that `before` can hold fits `after`: `varchar(20)` -> `text`, `int` -> `bigint`.

    Names are compared whatever their capitals; unknown names only widen to themselves with larger sizes.
    """
    old, new = _family(before), _family(after)
    if old[0] != new[0]:
        return False
    return _fits(old[1], new[1])


def same(before: str, after: str) -> bool:
    """Whether two names mean one type: `VARCHAR` and `text`, `int4` and `integer`."""
    return _family(before) == _family(after)


def _family(words: str) -> tuple[str, tuple[int, ...]]:
    """The family of a type and what of it fits, larger is wider; no limit is an empty tuple."""
    match = _PARTS.match(words.strip().lower())
    if match is None:
        return words.strip().lower(), ()
    name, sizes, rest = match.group(1), match.group(2), (match.group(3) or "").strip()
    numbers = tuple(int(part) for part in (sizes or "").split(",") if part.strip())
    if name in _WHOLE:
        return f"whole {rest}", (_WHOLE[name],)
    if name in _FLOATS:
        return f"float {rest}", (_FLOATS[name],)
    if name in _TEXTS:
        return f"text {rest}", numbers
    if name in _DECIMALS:
        scale = numbers[1] if len(numbers) > 1 else 0
        return f"decimal {rest}", ((numbers[0] - scale, scale) if numbers else ())
    return f"{name} {rest}", numbers


def _fits(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    if not new:
        return True
    return len(old) == len(new) and all(was <= now for was, now in zip(old, new, strict=True))
