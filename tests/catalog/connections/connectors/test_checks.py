"""Checks measured in real stores: every kind gives the same answer in each, and no query does more than ask."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.checking import CheckSpec
from catalog.connections.connectors.observations import AssetKey, ObservedCheck, ObservedReading
from tests.catalog.connections.connectors.stores import STORES, Store

ASSET = AssetKey("store", "plays")


@pytest.fixture(scope="module", params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with STORES[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


def asked(store: Store, *specs: CheckSpec, table: str = "plays", **wanted: Any) -> dict[int, ObservedCheck]:
    """What the checks of a table measured; the table itself must still be read."""
    item = Wanted(asset=AssetKey("store", table), address=store.address(table), checks=tuple(specs), **wanted)
    found = list(store.connector.crawl(store.config, [item], store.context()))
    (reading,) = [item for item in found if isinstance(item, ObservedReading)]
    assert reading.is_reachable, reading.error
    return {item.number: item for item in found if isinstance(item, ObservedCheck)}


def spec(kind: Any, **fields: Any) -> CheckSpec:
    return CheckSpec(number=1, kind=kind, **fields)


@pytest.mark.parametrize(
    ("check", "failed"),
    [
        (spec("not_null", element="artist_id"), 1),
        (spec("not_null", element="id"), 0),
        (spec("not_null", element="ID"), 0),
        (spec("not_null", element="email", missing_values=("", "N/A")), 3),
        (spec("unique", element="id"), 1),
        (spec("unique", element="artist_id"), 1),
        (spec("unique", fields=("id", "artist_id")), 0),
        (spec("accepted_values", element="kind", values=("song", "talk")), 1),
        (spec("accepted_values", element="id", values=(1, 2, 4)), 1),
        (spec("accepted_values", element="is_live", values=(True,)), 1),
        (spec("accepted_values", element="isrc", values=("DEAB11200001", "it's \\no code")), 2),
        (spec("range", element="price", at_least=0), 1),
        (spec("range", element="price", at_least=-3, at_most=50.5), 1),
        (spec("range", element="played_at", at_least="2026-10-30", at_most="2026-12-31"), 2),
        (spec("pattern", element="isrc", pattern="^[A-Z]{2}"), 2),
        (spec("pattern", element="isrc", pattern="^[A-Za-z]{4}[0-9]+$"), 1),
        (spec("pattern", element="isrc", pattern="it's \\\\no"), 3),
        (spec("referential", element="artist_id", table="artists", table_field="id"), 1),
    ],
)
def test_failing_rows_are_counted_alike_in_every_store(store: Store, check: CheckSpec, failed: int) -> None:
    found = asked(store, CheckSpec(**{**as_dict(check), "readable": (store.address("artists"),)}))[1]
    assert (found.error, found.failed_rows, found.total_rows) == (None, failed, 5)


def as_dict(check: CheckSpec) -> dict[str, Any]:
    return {name: getattr(check, name) for name in check.__slots__}


def test_nothing_fails_where_there_is_nothing(store: Store) -> None:
    checks = [
        CheckSpec(number=1, kind="not_null", element="id"),
        CheckSpec(number=2, kind="unique", element="id"),
        CheckSpec(number=3, kind="row_count"),
    ]
    found = asked(store, *checks, table="empty_one")
    assert [(found[n].failed_rows, found[n].total_rows) for n in (1, 2)] == [(0, 0), (0, 0)]
    assert found[3].value == 0


def test_rows_and_the_newest_moment_are_told(store: Store) -> None:
    found = asked(
        store,
        CheckSpec(number=1, kind="row_count"),
        CheckSpec(number=2, kind="freshness", element="played_at"),
    )
    assert found[1].value == 5
    assert found[2].moment == datetime(2026, 10, 31, 10, tzinfo=UTC)  # what lies in the future does not count


@pytest.mark.parametrize(
    "check",
    [
        spec("not_null", element="no such"),
        spec("not_null", element='id" OR 1=1 --'),
        spec("pattern", element="isrc", pattern="(["),
        spec("freshness", element="kind"),
        spec("range", element="kind", at_least=5),
        spec("referential", element="artist_id", table="secrets", table_field="pin"),
        spec("referential", element="artist_id", table="artists", table_field="no such"),
        spec("custom_sql", query="SELECT no_such FROM ${object}"),
        spec("custom_sql", query="SELECT id FROM plays"),
        spec("custom_sql", query="SELECT NULL"),
    ],
)
def test_check_that_cannot_be_measured_spoils_no_other(store: Store, check: CheckSpec) -> None:
    more = [CheckSpec(number=n, kind="not_null", element="id") for n in (2, 3)]
    readable = (store.address("artists"),)
    found = asked(store, CheckSpec(**{**as_dict(check), "readable": readable}), *more)
    assert found[1].error is not None
    assert found[1].failed_rows is found[1].value is None
    assert [found[n].failed_rows for n in (2, 3)] == [0, 0]


def test_many_conditions_are_counted_and_one_broken_one_is_left_out(store: Store) -> None:
    specs = [CheckSpec(number=n, kind="range", element="id", at_least=n / 10) for n in range(90)]
    specs[50] = CheckSpec(number=50, kind="range", element="played_at", at_least="no date at all")
    found = asked(store, *specs)
    assert len(found) == 90
    assert [found[n].failed_rows for n in (0, 30, 89)] == [0, 3, 5]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT count(*) FROM ${object}", 5),
        ("SELECT count(*) FROM ${table} WHERE ${property} IS NULL", 1),
        ("select count(*) from plays p join artists a on a.id = p.artist_id", 3),
        ("WITH few AS (SELECT * FROM plays WHERE id > 1) SELECT count(*) FROM few", 4),
        ("WITH plays AS (SELECT * FROM plays WHERE id > 1) SELECT count(*) AS n FROM plays;", 4),
        ("SELECT max(price) - min(price) FROM {model}", 102),
        ("SELECT avg(CASE WHEN kind LIKE 's%' THEN 1.0 ELSE 0.0 END) FROM plays WHERE kind = 'song'", 1),
        ('SELECT count(DISTINCT lower(kind)) AS "n of kinds" FROM plays', 2),
        ("SELECT count(*) FROM plays WHERE isrc = 'it''s \\no code'", 1),
        ("SELECT 1 UNION ALL SELECT 2 ORDER BY 1 LIMIT 1", 1),
        ("SELECT count(*) FROM plays -- ; DROP TABLE plays\n", 5),
        ("SELECT (SELECT count(*) FROM artists) * 100.0 / (SELECT count(*) FROM plays)", 60),
    ],
)
def test_own_queries_give_their_number(store: Store, query: str, value: float) -> None:
    if store.connector.name == "mysql":
        query = query.replace('"', "`").replace("\\", "\\\\")
    check = CheckSpec(
        number=1, kind="custom_sql", element="artist_id", query=query, readable=(store.address("artists"),)
    )
    found = asked(store, check)[1]
    assert found.error is None
    assert found.value is not None
    assert math.isclose(found.value, value)


HOSTILE = [
    "DROP TABLE plays",
    "SELECT 1; DROP TABLE plays",
    "SELECT 1; SELECT 2",
    "DELETE FROM plays",
    "UPDATE plays SET id = 0",
    "INSERT INTO plays (id) VALUES (9)",
    "WITH gone AS (DELETE FROM plays RETURNING id) SELECT count(*) FROM gone",
    "CREATE TABLE t AS SELECT 1",
    "SELECT id INTO copied FROM plays",
    "SELECT count(*) FROM plays FOR UPDATE",
    "SELECT count(*) FROM plays INTO OUTFILE '/tmp/x'",
    "SELECT count(*) INTO DUMPFILE '/tmp/x' FROM plays",
    "SELECT /*! 1 INTO OUTFILE '/tmp/x' */",
    "SELECT pin FROM secrets",
    "SELECT count(*) FROM plays, secrets",
    "SELECT (SELECT pin FROM secrets)",
    "WITH secrets AS (SELECT * FROM secrets) SELECT pin FROM secrets",
    "SELECT (SELECT max(pin) FROM secrets) FROM (WITH secrets AS (SELECT 1 AS pin) SELECT * FROM secrets) s",
    'WITH "SECRETS" AS (SELECT 1 AS pin) SELECT max(pin) FROM secrets',
    "SELECT count(*) FROM plays WHERE id IN (SELECT pin FROM secrets)",
    "SELECT count(*) FROM plays NATURAL JOIN secrets",
    "SELECT count(*) FROM information_schema.tables",
    "SELECT count(*) FROM sqlite_master",
    "SELECT count(*) FROM pg_catalog.pg_authid",
    "SELECT count(*) FROM mysql.user",
    "SELECT length(pg_read_file('/etc/passwd'))",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT length(load_file('/etc/passwd'))",
    "SELECT load_extension('/tmp/x.so')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'x')",
    "SELECT length(content) FROM read_text('/etc/passwd')",
    "SELECT count(*) FROM read_csv('/etc/passwd')",
    "SELECT count(*) FROM '/etc/passwd'",
    "SELECT count(*) FROM pg_ls_dir('/')",
    "SELECT count(*) FROM generate_series(1, 1000000000)",
    "SELECT count(*) FROM (VALUES (1)) v",
    "SELECT pg_sleep(60)",
    "SELECT sleep(60)",
    "SELECT benchmark(1000000000, md5('x'))",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "SELECT nextval('numbers')",
    "SELECT pg_terminate_backend(1)",
    "SELECT get_lock('x', 60)",
    "SELECT dblink('host=example.org', 'select 1')",
    "SELECT query_to_xml('DELETE FROM plays', true, true, '')",
    "SELECT getenv('HOME')",
    "SELECT @@version",
    "SELECT @x := 1",
    "SELECT '/etc/passwd'::regclass",
    "SELECT current_setting('data_directory')",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c",
    "ATTACH '/tmp/x.db' AS x",
    "COPY plays TO '/tmp/x'",
    "COPY plays TO PROGRAM 'id'",
    "PRAGMA writable_schema = 1",
    "SET statement_timeout = 0",
    "CALL drop_all()",
    "DO $$ BEGIN DELETE FROM plays; END $$",
    "EXPLAIN ANALYZE DELETE FROM plays",
    "VACUUM",
    "SELECT * FROM plays",
    "SELECT id, kind FROM plays",
    "TABLE secrets",
    "SELECT 1 FROM ${nothing}",
    "",
    "not sql at all",
    "SELECT '" + "(" * 5_000,
    "SELECT " + "(" * 61 + "1" + ")" * 61,
    "SELECT " + "1 + " * 3_000 + "1",
]


@pytest.mark.parametrize("query", HOSTILE)
def test_no_query_does_more_than_ask_its_own_tables(store: Store, query: str) -> None:
    found = asked(store, spec("custom_sql", query=query, element="id"))[1]
    assert found.error is not None
    assert found.value is None
    assert len(found.error.message) < 300
    assert store.run("SELECT count(*), sum(id) FROM plays")[0] == (5, 14)
    assert store.run("SELECT count(*) FROM secrets")[0] == (1,)


def test_errors_quote_nothing_of_the_data(store: Store) -> None:
    """A cast that fails on a value is told by most stores together with the value."""
    checks = [
        CheckSpec(number=1, kind="custom_sql", query="SELECT max(CAST(email AS INTEGER)) FROM plays"),
        CheckSpec(number=2, kind="custom_sql", query="SELECT min(email) FROM plays WHERE email LIKE 'a%'"),
        CheckSpec(number=3, kind="range", element="email", at_least=3),
    ]
    found = asked(store, *checks)
    told = " ".join(item.error.message for item in found.values() if item.error)
    assert "example.org" not in told
    assert "ada" not in told


def test_failing_values_are_kept_only_where_they_may_be(store: Store) -> None:
    price = CheckSpec(number=1, kind="range", element="price", at_least=0)
    email = CheckSpec(number=2, kind="pattern", element="email", pattern="^a")
    kind = CheckSpec(number=3, kind="accepted_values", element="kind", values=("song", "talk"))
    found = asked(store, price, email, kind)
    assert [float(value) for value in found[1].sample] == [-3]  # a number that does not look personal
    assert (found[2].sample, found[3].sample) == ((), ())
    found = asked(store, price, email, kind, released=frozenset({"kind", "price"}))
    assert found[3].sample == ("Song",)
    closed = frozenset({"kind", "price", "email"})
    found = asked(store, price, email, kind, released=closed, withheld=closed)
    assert not any(item.sample for item in found.values())


def test_slow_check_is_given_up_and_the_others_go_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.connections.connectors.check_sql.CHECK_SECONDS", 0.3)
    product = ", ".join(f"plays p{n}" for n in range(14))
    query = f"SELECT count(*) FROM {product} WHERE p0.price * p13.id < p5.id + p6.price"  # noqa: S608
    slow = CheckSpec(number=1, kind="custom_sql", query=query)
    found = asked(store, slow, CheckSpec(number=2, kind="not_null", element="id"))
    assert found[1].error is not None
    assert found[1].error.code == "too_slow"
    assert found[2].failed_rows == 0
