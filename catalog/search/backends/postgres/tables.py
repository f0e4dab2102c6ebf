"""The tables of an index: one set of tables each, made beside the one in use, and a table that says which that is.

meshportal_search_index            every index; `is_current` marks the one in use, `version` counts its commits
meshportal_search_<id>_segment     documents in arrays; rows never change but for `dead` and `merged_at`
meshportal_search_<id>_posting     the posting lists of the segments
meshportal_search_<id>_document    every living document: where it stands, and all of it
"""

from typing import Any, LiteralString

from psycopg import Connection, sql

from catalog.search.backends.postgres.building import Built
from catalog.search.documents import IndexUnavailable

FORMAT = "3"  # raise it when layout, packing or analysis change: an index of another format is built anew

_CATALOG = """
CREATE TABLE IF NOT EXISTS meshportal_search_index (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    format text NOT NULL,
    is_current boolean NOT NULL DEFAULT false,
    version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
)"""

# EXTERNAL: what is packed already is not tried again. A statement of its own, because CREATE TABLE knows it from 16 on.
_TABLES: LiteralString = """
CREATE TABLE {segment} (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size integer NOT NULL,
    numbers bytea NOT NULL,
    names bytea NOT NULL,
    facets bytea NOT NULL,
    columns bytea NOT NULL,
    lexicon bytea NOT NULL,
    dead bytea NOT NULL,
    dead_count integer NOT NULL DEFAULT 0,
    merged_at timestamptz
);
CREATE TABLE {posting} (
    segment integer NOT NULL,
    field smallint NOT NULL,
    term bytea NOT NULL,
    list bytea NOT NULL,
    PRIMARY KEY (term, field, segment)
);
CREATE INDEX {posting_segment} ON {posting} (segment);
CREATE TABLE {document} (
    kind text NOT NULL,
    id bigint NOT NULL,
    segment integer NOT NULL,
    slot integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX {document_segment} ON {document} (segment);
ALTER TABLE {segment}
    ALTER numbers SET STORAGE EXTERNAL,
    ALTER names SET STORAGE EXTERNAL,
    ALTER facets SET STORAGE EXTERNAL,
    ALTER columns SET STORAGE EXTERNAL,
    ALTER lexicon SET STORAGE EXTERNAL;
ALTER TABLE {posting} ALTER list SET STORAGE EXTERNAL;
ALTER TABLE {document} ALTER body SET STORAGE EXTERNAL"""

Row = tuple[Any, ...]


def named(statement: LiteralString, index_id: int) -> sql.Composed:
    """A statement with {segment}, {posting} and {document} in place of the tables of one index."""
    names = ("segment", "posting", "document", "posting_segment", "document_segment")
    return sql.SQL(statement).format(
        **{name: sql.Identifier(f"meshportal_search_{index_id}_{name}") for name in names}
    )


def current(connection: Connection[Row], *, lock: bool = False) -> tuple[int, int]:
    """The id and version of the index in use; `lock` keeps other writers out until the transaction ends.

    Raises IndexUnavailable when there is none of this format.
    """
    (exists,) = connection.execute(
        "SELECT to_regclass('meshportal_search_index') IS NOT NULL"
    ).fetchone() or (False,)
    statement = "SELECT id, version, format FROM meshportal_search_index WHERE is_current"
    found = (
        connection.execute(f"{statement} FOR UPDATE" if lock else statement).fetchone() if exists else None
    )
    if found is None:
        raise IndexUnavailable("There is no search index yet.")
    if found[2] != FORMAT:
        raise IndexUnavailable("The search index was made by another version of the portal.")
    return found[0], found[1]


def create(connection: Connection[Row]) -> int:
    """A new, empty index beside the one in use; its id."""
    connection.execute(_CATALOG)
    statement = "INSERT INTO meshportal_search_index (format) VALUES (%s) RETURNING id"
    row = connection.execute(statement, [FORMAT]).fetchone()
    assert row is not None  # noqa: S101  # an INSERT returns its row
    index_id = int(row[0])
    connection.execute(named(_TABLES, index_id))
    return index_id


def make_current(connection: Connection[Row], index_id: int) -> None:
    """Point readers to an index; the one before stays until the next swap, for readers in the middle of a search."""
    before = connection.execute("SELECT id FROM meshportal_search_index WHERE is_current").fetchone()
    connection.execute("UPDATE meshportal_search_index SET is_current = (id = %s)", [index_id])
    kept = [index_id, *(before or ())]
    gone = "DELETE FROM meshportal_search_index WHERE id <> ALL(%s) RETURNING id"
    for (old,) in connection.execute(gone, [kept]).fetchall():
        connection.execute(named("DROP TABLE IF EXISTS {segment}, {posting}, {document}", old))


def insert_segment(connection: Connection[Row], index_id: int, built: Built) -> int:
    """Store a segment with its posting lists; its id."""
    statement = named(
        "INSERT INTO {segment} (size, numbers, names, facets, columns, lexicon, dead)"
        " VALUES (%s, %s, %s, %s, %s, %s, '') RETURNING id",
        index_id,
    )
    values = [built.size, built.numbers, built.names, built.facets, built.columns, built.lexicon]
    row = connection.execute(statement, values).fetchone()
    assert row is not None  # noqa: S101  # an INSERT returns its row
    segment = int(row[0])
    into = named("COPY {posting} (segment, field, term, list) FROM STDIN (FORMAT BINARY)", index_id)
    with connection.cursor().copy(into) as copy:
        copy.set_types(["int4", "int2", "bytea", "bytea"])
        for field, term, packed in built.postings:
            copy.write_row((segment, field, term, packed))
    return segment
