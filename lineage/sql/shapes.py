"""What is asked of a text of SQL and what comes of it, as plain values that pass between processes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

Parts = tuple[str, ...]  # of a table's name, from the widest to its own: database, schema, table

IDENTITY, TRANSFORMATION, AGGREGATION = "identity", "transformation", "aggregation"
JOIN, FILTER, GROUP, WINDOW, CONDITION = "join", "filter", "group", "window", "condition"
DIRECT = (IDENTITY, TRANSFORMATION, AGGREGATION)  # the later one outweighs


@dataclass(frozen=True, slots=True)
class Table:
    """A table somebody knows: its whole name, and its columns in their order where they are known."""

    parts: Parts
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One text to read. `home` are the database and schema that names without them mean."""

    sql: str
    dialect: str = ""
    tables: tuple[Table, ...] = ()
    home: Parts = ()
    target: Parts = ()  # what a bare SELECT fills: the view or model it is the text of
    with_columns: bool = True  # False: only which tables are read and filled


@dataclass(frozen=True, slots=True)
class Link:
    """`column` of `table` goes into, or decides about (not direct), the column `into` of what the statement fills."""

    table: Parts
    column: str
    into: str
    is_direct: bool
    how: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it was understood: what it reads, what it fills, which columns it makes and from which.

    Names are those of the tables that were known, else as the text writes them. `problems` say what is missing;
    an empty `kind` means that nothing was understood.
    """

    kind: str = ""
    reads: tuple[Parts, ...] = ()
    writes: Parts = ()
    columns: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    problems: tuple[str, ...] = ()


def question_from(data: Mapping[str, Any]) -> Question:
    return Question(
        sql=data["sql"],
        dialect=data["dialect"],
        tables=tuple(Table(tuple(one["parts"]), tuple(one["columns"])) for one in data["tables"]),
        home=tuple(data["home"]),
        target=tuple(data["target"]),
        with_columns=data["with_columns"],
    )


def statement_from(data: Mapping[str, Any]) -> Statement:
    return Statement(
        kind=data["kind"],
        reads=tuple(tuple(parts) for parts in data["reads"]),
        writes=tuple(data["writes"]),
        columns=tuple(data["columns"]),
        links=tuple(Link(**{**one, "table": tuple(one["table"])}) for one in data["links"]),
        problems=tuple(data["problems"]),
    )


def as_data(value: Question | Statement) -> dict[str, Any]:
    return asdict(value)


@dataclass(slots=True)
class Notes:
    """Problems met while reading, each once, in order, not endlessly many."""

    most: int = 20
    said: dict[str, None] = field(default_factory=dict)

    def add(self, words: str) -> None:
        if len(self.said) < self.most:
            self.said.setdefault(words[:400])

    def all(self) -> tuple[str, ...]:
        return tuple(self.said)


def name_of(parts: Sequence[str]) -> str:
    return ".".join(parts)
