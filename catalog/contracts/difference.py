"""What changed between two contracts, and what it means to somebody who reads the data as it was promised. Pure.

A contract is a set of promises. Withdrawing or weakening one is *breaking*; a new or stronger one, and anything one
must read again, is *compatible*; words and bookkeeping are *neutral*. Severities form an order that steps cannot cheat:
when no step from A over B to C breaks anything, neither does going from A to C at once (a property test holds this).
Facts are symmetric: the difference from B to A names the same places with before and after exchanged.
"""

from catalog.contracts.changes import Data, Difference, worst_first
from catalog.contracts.contract_promises import contract_changes
from catalog.contracts.parts import semantic_version
from catalog.contracts.schema_promises import schema_changes


def difference(before: Data, after: Data) -> Difference:
    """Every difference between two contracts given as ODCS 3 data; empty when they promise and say the same.

    The contract's own `version` is left out: it is what the difference is judged for (see `version_problem`).
    """
    return worst_first([*schema_changes(before, after), *contract_changes(before, after)])


def suggested_version(before: str, found: Difference) -> str:
    """The next version after `before` that the difference allows: `1.4.2` -> `2.0.0`, `1.5.0` or `1.4.3`."""
    major, minor, patch = _numbers(before)
    return {
        "major": f"{major + 1}.0.0", "minor": f"{major}.{minor + 1}.0", "patch": f"{major}.{minor}.{patch + 1}",
    }.get(found.bump, semantic_version(before, "1.0.0"))  # fmt: skip


def version_problem(before: str, after: str, found: Difference) -> str:
    """Why `after` may not be the next version after `before`; "" when it may.

    Semantic versioning 2.0.0 (semver.org): breaking changes raise the major, compatible ones at least the minor
    version. A version that is no semantic version is judged by the one it becomes here (`v2` is 2.0.0).
    """
    if not found.bump:
        return ""
    old, new = _numbers(before), _numbers(after)
    if new <= old:
        return (
            f"{after or 'No version'} does not come after {before}. Use {suggested_version(before, found)}."
        )
    needed = ("major", "minor", "patch").index(found.bump)
    if new[: needed + 1] > old[: needed + 1]:
        return ""
    count = len(found.breaking or found.compatible)
    what = f"{count} {'breaking' if found.is_breaking else 'compatible'} change{'s' if count != 1 else ''}"
    return f"{after} is too small a step after {before} for {what}. Use {suggested_version(before, found)}."


def _numbers(version: str) -> tuple[int, int, int]:
    plain = semantic_version(version, "0.0.0").split("+")[0].split("-")[0]
    major, minor, patch = (int(part) for part in plain.split("."))
    return major, minor, patch
