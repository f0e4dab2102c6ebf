"""Queries people write for checks, made safe to run: parsed, judged node by node, and written anew.

Nothing of the text that came reaches the store, only what the parse tree says, and that only when every node in it is
known to be harmless: one SELECT, of tables that may be read, with functions that compute. Names of tables are replaced
by the connector's own. The stores' own walls (read-only sessions, limits of time) stand behind this one.
"""

import re
from collections.abc import Callable
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from catalog.connections.connectors.errors import SourceError

LONGEST, DEEPEST = 10_000, 60
OWN_TABLE: Final = "own_table"  # what ${object} stands for
ANSWER: Final = "answer_value"
_PLACEHOLDER = re.compile(r"\$\{\s*(\w+)\s*\}|(?<!\$)\{\s*(\w+)\s*\}")
_TABLE_WORDS = frozenset({"object", "table", "model"})
_FIELD_WORDS = frozenset({"property", "column", "field"})
_SHAPES: Final = frozenset(
    {
        "Select", "Union", "Except", "Intersect", "Subquery", "With", "CTE", "From", "Join", "Where", "Group",
        "Having", "Qualify", "Order", "Ordered", "Limit", "Offset", "Fetch", "Distinct", "Table", "TableAlias", "Alias",
        "Identifier", "Column", "Star", "Literal", "Boolean", "Null", "Neg", "Paren", "Not", "And", "Or", "Xor", "EQ",
        "NEQ", "GT", "GTE", "LT", "LTE", "NullSafeEQ", "NullSafeNEQ", "Is", "In", "Between", "Like", "ILike", "Escape",
        "SimilarTo", "RegexpLike", "RegexpILike", "Add", "Sub", "Mul", "Div", "IntDiv", "Mod", "DPipe", "SafeDPipe",
        "Case", "If", "Cast", "TryCast", "DataType", "DataTypeParam", "Tuple", "Exists", "Any", "All", "Interval",
        "Var", "Window", "WindowSpec", "WindowFrame", "Filter", "WithinGroup", "Glob",
    }
)  # fmt: skip
_FUNCTIONS: Final = frozenset(
    {
        "Count", "CountIf", "Sum", "Avg", "Min", "Max", "Stddev", "StddevPop", "StddevSamp", "Variance", "VariancePop",
        "Median", "PercentileCont", "PercentileDisc", "Quantile", "Corr", "ApproxDistinct", "LogicalAnd", "LogicalOr",
        "RowNumber", "Rank", "DenseRank", "Lag", "Lead", "FirstValue", "LastValue", "Coalesce", "Nullif", "Greatest",
        "Least", "Abs", "Sign", "Round", "Floor", "Ceil", "Trunc", "Pow", "Sqrt", "Ln", "Log", "Exp", "Length", "Lower",
        "Upper", "Trim", "Left", "Right", "Substring", "StrPosition", "Concat", "ConcatWs", "StartsWith", "EndsWith",
        "Extract", "Year", "Quarter", "Month", "Week", "Day", "DayOfWeek", "DayOfMonth", "DayOfYear", "Hour", "Minute",
        "Second", "CurrentDate", "CurrentTimestamp", "CurrentTime", "Localtimestamp", "Date", "DateAdd", "DateSub",
        "DateDiff", "DateTrunc", "TimestampTrunc", "TimestampAdd", "TimestampSub", "TimestampDiff", "DatetimeDiff",
        "TsOrDsToDate", "TsOrDsDiff", "TsOrDsAdd", "LastDay", "JSONExtract", "JSONExtractScalar", "JSONPath",
        "JSONPathRoot", "JSONPathKey", "JSONPathSubscript",
    }
)  # fmt: skip
_NAMED: Final = frozenset(
    {
        "julianday",
        "unixepoch",
        "strftime",
        "typeof",
        "instr",
        "total",
        "age",
        "quantile_cont",
        "quantile_disc",
        "list_contains",
    }
)
_TYPES: Final = frozenset(
    {
        "BIGINT", "BOOLEAN", "CHAR", "DATE", "DATETIME", "DECIMAL", "DOUBLE", "FLOAT", "INT", "INTERVAL", "NCHAR",
        "NVARCHAR", "SMALLINT", "TEXT", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "TINYINT", "UBIGINT",
        "UINT", "UUID", "VARCHAR", "HUGEINT", "INT128", "TIMETZ",
    }
)  # fmt: skip
_ABSENT: Final = {  # arguments that ask for more than rows
    "Select": frozenset(
        {"hint", "into", "locks", "sample", "options", "operation_modifiers", "settings", "format"}
    ),
    "Table": frozenset(
        {"version", "hints", "pattern", "ordinality", "when", "only", "rows_from", "sample", "changes"}
    ),
}

Resolve = Callable[[str], exp.Table | None]


def guarded(query: str, dialect: str, field: str, resolve: Resolve) -> tuple[str, exp.Identifier]:
    """The query as it may run, and the name of the one column it gives.

    `${object}` and `${property}` stand for the table and the `field` the check is about. `resolve` gives the store's
    own name for a table the query names, None where it may not read it. Raises SourceError: `malformed` for what cannot
    be understood, `not_allowed` for what is more than a question.
    """
    if len(query) > LONGEST:
        raise _malformed(f"The query is longer than {LONGEST:,} characters.")
    if _depth(query) > DEEPEST:
        raise _malformed("The query is nested too deeply.")
    tree = _parsed(_filled(query, dialect, field), dialect)
    for node in tree.walk():
        _judge(node)
    _qualify(tree, resolve)
    answer = _named_answer(tree)
    try:
        return tree.sql(dialect=dialect, comments=False), answer.copy()
    except (SqlglotError, RecursionError) as error:
        raise _malformed("The query cannot be written for this store.") from error


def _depth(query: str) -> int:
    deepest = depth = 0
    for character in query:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _filled(query: str, dialect: str, field: str) -> str:
    column = exp.to_identifier(field, quoted=True).sql(dialect=dialect) if field else ""

    def fill(found: re.Match[str]) -> str:
        word = (found[1] or found[2]).lower()
        if word in _TABLE_WORDS:
            return OWN_TABLE
        if word in _FIELD_WORDS and column:
            return column
        raise _malformed(f"Nothing is known for the placeholder {found[0]}.")

    return _PLACEHOLDER.sub(fill, query)


def _parsed(query: str, dialect: str) -> exp.Query:
    try:
        statements = [found for found in sqlglot.parse(query, dialect=dialect) if found is not None]
    except (SqlglotError, RecursionError, ValueError) as error:
        raise _malformed("The query is not understood as SQL.") from error
    if len(statements) != 1:
        raise _refused("It must be one statement.")
    tree = statements[0]
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise _refused("It must be a SELECT.")
    return tree


def _judge(node: exp.Expr) -> None:
    name = type(node).__name__
    if isinstance(node, exp.Anonymous):
        if str(node.this).lower() not in _NAMED:
            raise _refused(f"The function {str(node.this)[:60]} is not among those a check may use.")
    elif name not in _SHAPES and name not in _FUNCTIONS:
        is_function = isinstance(node, exp.Func)
        word = f"The function {node.sql_name()}" if is_function else f"“{name}”"  # type: ignore[attr-defined]
        raise _refused(f"{word} is not among what a check may use.")
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise _refused("A query may not be recursive.")
    if isinstance(node, exp.DataType) and getattr(node.this, "name", "") not in _TYPES:
        raise _refused("It casts to a type that is not among those a check may use.")
    if any(node.args.get(argument) for argument in _ABSENT.get(name, ())):
        raise _refused("It asks for more than rows: for locks, hints, samples or another place to write to.")


def _qualify(tree: exp.Query, resolve: Resolve) -> None:
    """Replace every table by the store's own name of it, but for names of the WITH clause where they hold.

    The clause may stand at the very beginning only, and each of its names holds for what comes after: so it is certain
    what a name means.
    """
    clause = tree.args.get("with_")
    inner = [found for found in tree.find_all(exp.With) if found is not clause]
    if inner:
        raise _refused("WITH may stand at the beginning only.")
    known: set[tuple[str, bool]] = set()
    for part in clause.expressions if clause else ():
        _replace_tables(part.this, known, resolve)
        alias = part.args["alias"].this
        known.add((alias.this, bool(alias.quoted)))
    for name, part in list(tree.args.items()):
        if name != "with_":
            for node in part if isinstance(part, list) else [part]:
                if isinstance(node, exp.Expression):
                    _replace_tables(node, known, resolve)


def _replace_tables(root: exp.Expression, known: set[tuple[str, bool]], resolve: Resolve) -> None:
    for table in list(root.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            raise _refused("It reads from something that is not a table.")
        parts = [part for part in (table.args.get("catalog"), table.args.get("db"), table.this) if part]
        if not all(isinstance(part, exp.Identifier) for part in parts):
            raise _refused("It reads from something that is not a table.")
        if len(parts) == 1 and (table.this.this, bool(table.this.quoted)) in known:
            continue
        name = ".".join(part.this for part in parts)
        found = resolve(name)
        if found is None:
            raise _refused(f"It reads {name[:100]}, which this product does not offer.")
        for argument in ("this", "db", "catalog"):
            table.set(argument, found.args.get(argument))
        if not table.args.get("alias"):
            table.set("alias", exp.TableAlias(this=parts[-1].copy()))


def _named_answer(tree: exp.Query) -> exp.Identifier:
    """The name of the only column, which it is given when it has none."""
    first: exp.Expr = tree
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    columns = first.expressions if isinstance(first, exp.Select) else []
    if len(columns) != 1 or columns[0].is_star:
        raise _malformed("The query must give exactly one value.")
    if not isinstance(columns[0], exp.Alias):
        first.set("expressions", [exp.alias_(columns[0].copy(), ANSWER, quoted=True)])
    alias: exp.Identifier = first.expressions[0].args["alias"]
    return alias


def _malformed(message: str) -> SourceError:
    return SourceError("malformed", message, "Correct the check's query.")


def _refused(message: str) -> SourceError:
    return SourceError("not_allowed", message, "A check asks one question and changes nothing.")
