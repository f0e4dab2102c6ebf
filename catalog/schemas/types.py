"""How types relate: which change only widens what a field may hold."""

import re

# Wider on the right: every value of the left is a value of the right, but code that reads it may have to change.
WIDER = frozenset({("integer", "number"), ("date", "timestamp")})

# Stores' own names of whole numbers, by what they can hold.
_WHOLE = {
    name: rank
    for rank, names in enumerate(
        (
            ("tinyint", "int8", "utinyint"),
            ("smallint", "int2", "int16", "smallserial", "usmallint"),
            ("mediumint",),
            ("int", "integer", "int4", "int32", "serial", "uinteger"),
            ("bigint", "int64", "bigserial", "ubigint", "long"),
            ("hugeint", "int128"),
        )
    )
    for name in names
}
_FLOATS = {"real": 0, "float4": 0, "float": 0, "float32": 0, "double": 1, "double precision": 1, "float8": 1}
_PARTS = re.compile(r"^\s*([^()]*?)\s*(?:\(([\d\s,]+)\)\s*([^()]*))?$")


def satisfies(observed: str, declared: str) -> bool | None:
    """Whether data of logical type `observed` keeps a promise of `declared`; None when either is unknown."""
    if "unknown" in (observed, declared):
        return None
    return observed == declared or (observed, declared) == ("integer", "number")


def only_widens(before: str, after: str) -> bool:
    """Whether the physical type `after` holds everything `before` held: `varchar(20)` -> `varchar(40)`.

    Unknown names and everything doubtful give False.
    """
    old, new = before.strip().lower(), after.strip().lower()
    for ladder in (_WHOLE, _FLOATS):
        if old in ladder and new in ladder:
            return ladder[old] <= ladder[new]
    old_match, new_match = _PARTS.match(old), _PARTS.match(new)
    if old_match is None or new_match is None:
        return False
    old_name, old_sizes, old_rest = old_match.groups()
    new_name, new_sizes, new_rest = new_match.groups()
    if (old_name, old_rest or "") != (new_name, new_rest or ""):
        return False
    if new_sizes is None:
        return True  # a limit was lifted
    if old_sizes is None:
        return False
    return _sizes_widen(_numbers(old_sizes), _numbers(new_sizes))


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part.strip()]


def _sizes_widen(old: list[int], new: list[int]) -> bool:
    if len(old) == len(new) == 2:  # numeric(precision, scale): digits before the point must not shrink either
        return new[0] - new[1] >= old[0] - old[1] and new[1] >= old[1]
    return len(old) == len(new) and all(after >= before for before, after in zip(old, new, strict=True))
