"""Conditions, columns and values of checks as SQL of each dialect. Pure."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from catalog.connections.connectors.checking import CheckSpec, Scalar
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import LogicalType, ObservedField
from catalog.connections.connectors.profiling import NUMERIC, TEMPORAL


def condition_of(
    dialect: str, spec: CheckSpec, field: ObservedField, mismatched: Callable[[str, str], str | None]
) -> str | None:
    """When a row fails; None where the store knows no patterns. What is empty fails only where that is asked about."""
    column = column_of(dialect, field)
    if spec.kind == "not_null":
        also = (
            f" OR {as_text(dialect, column)} IN ({_listed(dialect, spec.missing_values)})"
            if spec.missing_values
            else ""
        )
        return f"({column} IS NULL{also})"
    if spec.kind == "accepted_values":
        if _is_native(field.logical_type, spec.values):
            return (
                f"({column} IS NOT NULL AND {column} NOT IN ({_listed(dialect, spec.values, native=True)}))"
            )
        return (
            f"({column} IS NOT NULL AND {as_text(dialect, column)} NOT IN ({_listed(dialect, spec.values)}))"
        )
    if spec.kind == "range":
        ends = [(sign, end) for sign, end in (("<", spec.at_least), (">", spec.at_most)) if end is not None]
        fitting = TEMPORAL if any(isinstance(end, str) for _, end in ends) else NUMERIC
        if field.logical_type not in fitting | {"unknown"}:
            raise SourceError(
                "malformed",
                f"{field.path} cannot be compared with these ends: it is of type {field.logical_type}.",
                "Give numbers for a number, dates for a date.",
            )
        return (
            "("
            + " OR ".join(f"{column} {sign} {_literal(dialect, end, native=True)}" for sign, end in ends)
            + ")"
        )
    found = mismatched(as_text(dialect, column), spec.pattern)
    return None if found is None else f"({column} IS NOT NULL AND {found})"


def _is_native(logical_type: LogicalType, values: Sequence[Scalar]) -> bool:
    if logical_type == "boolean":
        return all(isinstance(value, bool) for value in values)
    return logical_type in NUMERIC and all(not isinstance(value, str | bool) for value in values)


def identifier(dialect: str, name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect=dialect)


def column_of(dialect: str, field: ObservedField) -> str:
    """A field as it is selected; nested ones by the steps of their path."""
    if not field.parent_path:
        return identifier(dialect, field.name)
    steps = [identifier(dialect, step) for step in field.path.split(".")]
    return ".".join(steps)


def as_text(dialect: str, column: str) -> str:
    if dialect == "mysql":
        return f"CAST({column} AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin"
    return f"CAST({column} AS {'TEXT' if dialect != 'duckdb' else 'VARCHAR'})"


def _listed(dialect: str, values: Sequence[Scalar], *, native: bool = False) -> str:
    return ", ".join(_literal(dialect, value, native=native) for value in values)


def _literal(dialect: str, value: Scalar | None, *, native: bool = False) -> str:
    if native and isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if native and isinstance(value, int | float):
        return repr(value)
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return literal(dialect, text)


def literal(dialect: str, text: str) -> str:
    """A text as SQL, whatever it holds and however the server is set up to read backslashes."""
    if dialect == "mysql":
        return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)" if text else "''"
    doubled = text.replace("'", "''")
    if dialect == "postgres":
        escaped = doubled.replace("\\", "\\\\")
        return f"E'{escaped}'"
    return f"'{doubled}'"
