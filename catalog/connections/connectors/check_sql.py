"""Measuring checks by SQL: what every kind asks, the same for all stores that answer queries.

A store brings an `SqlStore`: its dialect, the table, how to run a query with a limit of time. Failures concern one
check and never tell what is in the data: the stores' own messages may quote values.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlglot import exp

from catalog.connections.connectors.base import CrawlContext, Wanted
from catalog.connections.connectors.check_conditions import as_text, column_of, condition_of, identifier
from catalog.connections.connectors.checking import CheckSpec
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ObservedCheck, ObservedField
from catalog.connections.connectors.profiling import SCALAR, why_withheld
from catalog.connections.connectors.readonly_sql import OWN_TABLE, guarded
from catalog.connections.connectors.relational import as_moment

TOGETHER = 40  # conditions counted by one pass over the table
MOST_SAMPLES, LONGEST_SAMPLE = 5, 100
CHECK_SECONDS = 30.0  # of one query
ROWWISE = frozenset({"not_null", "accepted_values", "range", "pattern"})


class SqlStore(ABC):
    """One table of one store, ready to be asked."""

    dialect: str  # as sqlglot calls it

    def __init__(self, own: exp.Table, fields: Sequence[ObservedField], context: CrawlContext) -> None:
        self.own, self.fields, self.context = own, fields, context

    @cached_property
    def total(self) -> int:
        """How many rows the table has. Raises SourceError."""
        ((total,),) = self.rows(f"SELECT count(*) FROM {_sql(self, self.own)}")  # noqa: S608
        return int(total)

    @property
    def seconds(self) -> float:
        """How long the next query may take."""
        return min(CHECK_SECONDS, self.context.remaining())

    def other(self, address: Mapping[str, Any]) -> exp.Table:
        """Another table of the store, at an address its connector once gave."""
        return exp.table_(str(address["table"]), db=address.get("schema"), quoted=True)

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query that gives few, within the time of one check.

        Raises SourceError, in words that quote nothing of the data.
        """

    @abstractmethod
    def newest(self, field: ObservedField) -> Any:
        """The newest moment in a field of dates or timestamps that is not in the future; None without any."""

    def mismatched(self, column: str, pattern: str) -> str | None:
        """The condition that a text does not match a pattern; None where the store has no such thing."""
        return None

    def count_mismatched(self, column: str, pattern: str) -> tuple[int, list[str]]:
        """Rows whose text does not match, and some such texts, for stores that have no condition for it."""
        raise SourceError("unsupported", "This store knows no patterns.")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A check that is counted row by row: the condition under which a row fails, and what it tells of the value."""

    spec: CheckSpec
    field: ObservedField
    condition: str


def measured(store: SqlStore, item: Wanted, context: CrawlContext) -> Iterator[ObservedCheck]:
    """The answer of every check of `item`. Raises SourceError only when the time of the whole crawl is up."""
    rules: list[_Rule] = []
    for spec in item.checks:
        if spec.kind in ROWWISE and (rule := _rule(store, item, spec)) is not None:
            if isinstance(rule, ObservedCheck):
                yield rule
            else:
                rules.append(rule)
        else:
            yield _answered(store, item, spec, context)
    for start in range(0, len(rules), TOGETHER):
        yield from _counted(store, item, rules[start : start + TOGETHER], context)


def _rule(store: SqlStore, item: Wanted, spec: CheckSpec) -> _Rule | ObservedCheck | None:
    """The condition of a check; None where the store has none for it."""
    try:
        field = _field(store, spec.element)
        condition = condition_of(store.dialect, spec, field, store.mismatched)
    except SourceError as error:
        return ObservedCheck(asset=item.asset, number=spec.number, error=error.as_failure())
    return None if condition is None else _Rule(spec, field, condition)


def _field(store: SqlStore, path: str) -> ObservedField:
    """The field of a path, as it is spelt or, where that is clear, without regard to case."""
    usable = [field for field in store.fields if "[]" not in field.path and "{}" not in field.path]
    exact = [field for field in usable if field.path == path]
    alike = exact or [field for field in usable if field.path.casefold() == path.casefold()]
    if len(alike) != 1:
        raise SourceError("malformed", f"There is no field {path[:100]}.", "Correct the check, or the data.")
    return alike[0]


def _counted(
    store: SqlStore, item: Wanted, rules: Sequence[_Rule], context: CrawlContext
) -> Iterator[ObservedCheck]:
    """Many conditions by one pass; when that fails, each by itself, so that one spoils no other."""
    if not rules:
        return
    sums = [f"sum(CASE WHEN {rule.condition} THEN 1 ELSE 0 END)" for rule in rules]
    try:
        (found,) = store.rows(f"SELECT count(*), {', '.join(sums)} FROM {_sql(store, store.own)}")  # noqa: S608
    except SourceError as error:
        context.remaining()
        if len(rules) == 1:
            yield ObservedCheck(asset=item.asset, number=rules[0].spec.number, error=error.as_failure())
            return
        for rule in rules:
            yield from _counted(store, item, [rule], context)
        return
    total = int(found[0])
    for rule, failed in zip(rules, found[1:], strict=True):
        count = int(failed or 0)
        sample = _sampled(store, item, rule, context) if count and rule.spec.kind != "not_null" else ()
        yield ObservedCheck(
            asset=item.asset, number=rule.spec.number, failed_rows=count, total_rows=total, sample=sample
        )


def _sampled(store: SqlStore, item: Wanted, rule: _Rule, context: CrawlContext) -> tuple[str, ...]:
    if rule.field.logical_type not in SCALAR or why_withheld(item, rule.field, ()):
        return ()
    column = column_of(store.dialect, rule.field)
    if rule.field.logical_type == "string":
        column = f"substr({as_text(store.dialect, column)}, 1, {LONGEST_SAMPLE})"
    query = (
        f"SELECT DISTINCT {column} FROM {_sql(store, store.own)} WHERE {rule.condition} LIMIT {MOST_SAMPLES}"  # noqa: S608
    )
    try:
        values = [row[0] for row in store.rows(query)]
    except SourceError:
        context.remaining()
        return ()
    return _kept(item, rule.field, values)


def _kept(item: Wanted, field: ObservedField, values: Sequence[Any]) -> tuple[str, ...]:
    """Failing values, where none of them looks as if it must not be kept."""
    there = [value for value in values if value is not None]
    if not there or why_withheld(item, field, there):
        return ()
    if field.path not in item.released and any(isinstance(value, str) for value in there):
        return ()  # text in a column of numbers or dates: whatever it is, nobody released it
    return tuple(sorted(str(value)[:LONGEST_SAMPLE] for value in there[:MOST_SAMPLES]))


def _answered(store: SqlStore, item: Wanted, spec: CheckSpec, context: CrawlContext) -> ObservedCheck:
    try:
        return _ANSWERS[spec.kind](store, item, spec)
    except SourceError as error:
        context.remaining()
        return ObservedCheck(asset=item.asset, number=spec.number, error=error.as_failure())


def _pattern(store: SqlStore, item: Wanted, spec: CheckSpec) -> ObservedCheck:
    """Where the store has no condition for patterns."""
    field = _field(store, spec.element)
    failed, values = store.count_mismatched(column_of(store.dialect, field), spec.pattern)
    sample = _kept(item, field, values) if field.path in item.released else ()
    total = store.total
    return ObservedCheck(
        asset=item.asset, number=spec.number, failed_rows=failed, total_rows=total, sample=sample
    )


def _unique(store: SqlStore, item: Wanted, spec: CheckSpec) -> ObservedCheck:
    """Rows beyond the first of the same values; rows with an empty value are no double of another."""
    fields = [_field(store, path) for path in spec.fields or (spec.element,)]
    columns = [column_of(store.dialect, field) for field in fields]
    filled = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    grouped = (
        f"SELECT count(*) AS n FROM {_sql(store, store.own)} WHERE {filled} "  # noqa: S608
        f"GROUP BY {', '.join(columns)} HAVING count(*) > 1"
    )
    ((found,),) = store.rows(f"SELECT sum(n - 1) FROM ({grouped}) AS doubled")  # noqa: S608
    return ObservedCheck(
        asset=item.asset, number=spec.number, failed_rows=int(found or 0), total_rows=store.total
    )


def _row_count(store: SqlStore, item: Wanted, spec: CheckSpec) -> ObservedCheck:
    return ObservedCheck(
        asset=item.asset, number=spec.number, value=float(store.total), total_rows=store.total
    )


def _freshness(store: SqlStore, item: Wanted, spec: CheckSpec) -> ObservedCheck:
    field = _field(store, spec.element)
    if field.logical_type not in ("timestamp", "date"):
        raise SourceError(
            "malformed",
            f"{field.path} holds no dates or times.",
            "Name a field that says when rows were made.",
        )
    return ObservedCheck(asset=item.asset, number=spec.number, moment=as_moment(store.newest(field)))


def _referential(store: SqlStore, item: Wanted, spec: CheckSpec) -> ObservedCheck:
    column = column_of(store.dialect, _field(store, spec.element))
    target = _resolved(store, item, spec, spec.table)
    if target is None:
        raise SourceError(
            "not_allowed",
            f"{spec.table[:100]} is not a table a check of this product may look into.",
            "It must be offered by a port everybody in the mesh may see, or by this product.",
        )
    other = f"referred.{identifier(store.dialect, spec.table_field)}"
    inside = f"SELECT 1 FROM {_sql(store, target)} AS referred WHERE {other} = own_row.{column}"  # noqa: S608
    query = (
        f"SELECT count(*) FROM {_sql(store, store.own)} AS own_row "  # noqa: S608
        f"WHERE own_row.{column} IS NOT NULL AND NOT EXISTS ({inside})"
    )
    ((failed,),) = store.rows(query)
    return ObservedCheck(
        asset=item.asset, number=spec.number, failed_rows=int(failed), total_rows=store.total
    )


def _own_query(store: SqlStore, item: Wanted, spec: CheckSpec) -> ObservedCheck:
    query, answer = guarded(
        spec.query, store.dialect, spec.element, lambda name: _resolved(store, item, spec, name)
    )
    number = exp.cast(exp.column(answer), "double")
    rows = store.rows(f"SELECT {number.sql(dialect=store.dialect)} FROM ({query}) AS answers LIMIT 2")  # noqa: S608
    if len(rows) != 1 or rows[0][0] is None:
        said = "no number" if len(rows) < 2 else "more than one row"
        raise SourceError("malformed", f"The query gave {said}.", "It must give one row with one number.")
    return ObservedCheck(asset=item.asset, number=spec.number, value=float(rows[0][0]))


_ANSWERS = {
    "pattern": _pattern,
    "unique": _unique,
    "row_count": _row_count,
    "freshness": _freshness,
    "referential": _referential,
    "custom_sql": _own_query,
}


def _resolved(store: SqlStore, item: Wanted, spec: CheckSpec, name: str) -> exp.Table | None:
    """The table a name means, in any of the ways it may be written; None for what may not be read or is unclear."""
    wanted = name.casefold().split(".")
    if wanted == [OWN_TABLE] or _ends_with(item.address, item.asset.name, wanted):
        return store.own
    found = [address for address in spec.readable if _ends_with(address, "", wanted)]
    return store.other(found[0]) if len(found) == 1 else None


def _ends_with(address: Any, name: str, wanted: Sequence[str]) -> bool:
    whole = [str(address[part]).casefold() for part in ("schema", "table") if address.get(part)]
    named = name.casefold().split(".")
    return whole[-len(wanted) :] == list(wanted) or (bool(name) and named[-len(wanted) :] == list(wanted))


def _sql(store: SqlStore, table: exp.Table) -> str:
    return table.sql(dialect=store.dialect)
