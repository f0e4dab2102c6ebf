"""Questions of impact as the parameters of an address."""

from django.http import QueryDict

from catalog.accounts.models import User
from catalog.common.errors import Invalid, Problem
from lineage.impact.answers import DOWN, UP, Asked
from lineage.impact.finding import COLUMN_LEVEL, LEVELS, PRODUCT_LEVEL, find_node
from lineage.impact.sight import Wanted

PARAMETERS = frozenset({"node", "steps", "level", "owner", "domain", "state", "sort", "direct"})
MOST_STEPS = 1_000


def read_question(user: User, parameters: QueryDict, *, way: str) -> Asked:
    """The question of an address. Raises Invalid naming what is wrong, NotFound for a node that is not to be seen."""
    node = find_node(user, parameters.get("node", ""))
    level = parameters.get("level") or (COLUMN_LEVEL if node.path else PRODUCT_LEVEL)
    if level not in LEVELS or (node.path and level != COLUMN_LEVEL):
        raise _wrong("level", "Level is product or column; a column is asked about at the level of columns.")
    wanted = Wanted(
        parameters.get("owner", "")[:120],
        parameters.get("domain", "")[:120],
        tuple(sorted({state for state in parameters.getlist("state") if state})),
    )
    return Asked(
        node, way, level, _steps(parameters.get("steps", "")), wanted, parameters.get("sort") or "depth",
        _is_true(parameters.get("direct", "")),
    )  # fmt: skip


def direction(value: str) -> str:
    """`downstream` unless `upstream` is asked for. Raises Invalid."""
    if value not in ("", DOWN, UP):
        raise _wrong("direction", f"Direction is {DOWN} or {UP}.")
    return value or DOWN


def _steps(raw: str) -> int | None:
    if not raw:
        return None
    if raw.isascii() and raw.isdigit() and len(raw) <= 4 and 1 <= int(raw) <= MOST_STEPS:
        return int(raw)
    raise _wrong(
        "steps", f"Steps is a whole number from 1 to {MOST_STEPS}; without it the whole way is followed."
    )


def _is_true(raw: str) -> bool:
    if raw not in ("", "true", "false"):
        raise _wrong("direct", "Direct is true or false.")
    return raw == "true"


def _wrong(path: str, words: str) -> Invalid:
    return Invalid("The question cannot be answered as asked.", problems=[Problem(path, "choice", words)])
