"""Which known table a name in a query means: what is written, completed from where the query stands. Pure."""

from collections.abc import Iterable, Sequence

from lineage.sql.shapes import Parts, Table

DEFAULT_SCHEMAS = ("public", "main", "dbo")  # where a name without a schema is looked for
SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog", "sys", "performance_schema", "sqlite_master"})


def folded(parts: Iterable[str]) -> Parts:
    return tuple(part.lower() for part in parts)


class Known:
    """Tables by every ending of their names, in small letters: whether case matters differs from store to store."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._by_ending: dict[Parts, list[Table]] = {}
        for table in tables:
            parts = folded(table.parts)
            for start in range(len(parts)):
                self._by_ending.setdefault(parts[start:], []).append(table)

    def find(self, parts: Parts, home: Parts = ()) -> Table | None:
        """The table `parts` mean, None where none is known or several are meant equally well."""
        wanted, near = folded(parts), folded(home)
        for whole in _completed(wanted, near):
            found = self._by_ending.get(whole, ())
            exact = [table for table in found if len(table.parts) == len(whole)] or found
            if len(exact) == 1:
                return exact[0]
        if len(wanted) > 1:  # more was written than the store's names say: a catalog in front
            shorter = [
                table for table in self._by_ending.get(wanted[1:], ()) if len(table.parts) < len(wanted)
            ]
            return shorter[0] if len(shorter) == 1 else None
        return None


def _completed(parts: Parts, home: Parts) -> Iterable[Parts]:
    """`parts` as they are meant at `home`, then in the usual schemas, then as written, which may fit any ending."""
    yield completed(parts, home)
    if len(parts) == 1:
        for schema in DEFAULT_SCHEMAS:
            yield (*home[:-1], schema, *parts)
            yield (schema, *parts)
    yield parts


def completed(parts: Parts, home: Parts) -> Parts:
    """The whole name of a table nobody knows, as long as those at `home`."""
    return (*home[: max(0, len(home) + 1 - len(parts))], *parts)


def is_of_the_system(parts: Parts) -> bool:
    return any(part in SYSTEM_SCHEMAS for part in folded(parts))
