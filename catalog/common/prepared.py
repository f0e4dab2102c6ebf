"""Queries that nearly every page asks, written down once.

Django takes three times as long to write such a query down as the database to answer it. A prepared query is built by
the ORM with stand-ins where its values go, kept as SQL, and asked again with other values. Routing, conversion of what
comes back and the log of queries stay the ORM's.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

MOST_KEPT: Final = 512  # queries of one connection
FIRST_ID: Final = -1_000_000  # no row has such an id
LONGEST: Final = 4_096  # ids in one list: far below what a database takes

Value = int | str | Collection[int] | Collection[str]


@dataclass(frozen=True, slots=True)
class _Written:
    """SQL with its parameters; a parameter that is a function takes the values of one asking."""

    compiler: Any
    sql: str
    params: tuple[Any, ...]
    converters: Any


class Prepared:
    """A query over `model` that `build(*values, *given)` makes, of `values_list` rows.

    `values` are ids, texts and lists of either, each used as it is (or, a text, within a pattern that Django escapes).
    What decides the shape of the query, the rights of a person say, is `given`, and told apart by `under`.
    """

    def __init__(self, model: type[Model], build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._model = model
        self._build = build

    def rows(
        self, *values: Value, given: tuple[Any, ...] = (), under: Hashable = None
    ) -> list[tuple[Any, ...]]:
        """The rows for these values. Raises ValueError for too long a list, and where the query drops a value."""
        filled = [value if isinstance(value, int | str) else _padded(list(value)) for value in values]
        if not all(isinstance(value, int | str) or value for value in filled):
            return []  # nothing is in an empty list
        connection = connections[router.db_for_read(self._model)]
        written = self._written(connection, filled, given, under)
        if written is None:
            return []
        flat = list(_flat(filled))
        params = [param(flat) if callable(param) else param for param in written.params]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, params)
            found = cursor.fetchall()
        if written.converters:
            return [tuple(row) for row in written.compiler.apply_converters(found, written.converters)]
        return [tuple(row) for row in found]

    def _written(
        self, connection: BaseDatabaseWrapper, filled: list[Any], given: tuple[Any, ...], under: Hashable
    ) -> _Written | None:
        kept: OrderedDict[Hashable, _Written | None]
        kept = vars(connection).setdefault("prepared", OrderedDict())  # a connection is used by one thread
        shape = tuple(len(value) if isinstance(value, list) else type(value) for value in filled)
        key = (self, shape, under)
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
        written = kept[key] = self._write(connection, filled, given)
        if len(kept) > MOST_KEPT:
            kept.popitem(last=False)
        return written

    def _write(
        self, connection: BaseDatabaseWrapper, filled: list[Any], given: tuple[Any, ...]
    ) -> _Written | None:
        numbers = iter(range(len(list(_flat(filled)))))
        stand_ins = [
            [_stand_in(one, next(numbers)) for one in value]
            if isinstance(value, list)
            else _stand_in(value, next(numbers))
            for value in filled
        ]
        query = self._build(*stand_ins, *given).query
        compiler = query.get_compiler(connection=connection)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return None  # whoever asks may see nothing
        wanted = list(_flat(stand_ins))
        made = tuple(_parameter(param, wanted, connection) for param in params)
        if sum(map(callable, made)) < len(wanted):
            raise ValueError("A prepared query uses every value it is given.")
        converters = compiler.get_converters([item[0] for item in compiler.select])
        return _Written(compiler, sql, made, converters)


def _padded(ids: list[Any]) -> list[Any]:
    """The ids, the last one repeated until they are a power of two: few lengths, few queries to keep."""
    if len(ids) > LONGEST:
        raise ValueError(f"A prepared query takes lists of at most {LONGEST}.")
    return ids and ids + [ids[-1]] * ((1 << (len(ids) - 1).bit_length()) - len(ids))


def _flat(values: list[Any]) -> Iterator[int | str]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _stand_in(value: int | str, number: int) -> int | str:
    return FIRST_ID - number if isinstance(value, int) else f"\ue000{number}\ue001"


def _parameter(param: Any, wanted: list[int | str], connection: BaseDatabaseWrapper) -> Any:
    """The parameter, or how it is made from the values: a value itself, or a pattern with a value in it."""
    if type(param) in (int, str) and param in wanted:
        number = wanted.index(param)
        return lambda values: values[number]
    if isinstance(param, str):
        for number, text in enumerate(wanted):
            if isinstance(text, str) and text in param:
                before, _, after = param.partition(text)
                escape = connection.ops.prep_for_like_query
                return lambda values: f"{before}{escape(values[number])}{after}"
    return param
