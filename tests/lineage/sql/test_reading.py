"""What texts of SQL say of tables and columns, over several dialects."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.sql.reading import read
from lineage.sql.shapes import Question, Statement, Table

TABLES = (
    Table(("db", "public", "orders"), ("id", "customer_id", "amount", "Status")),
    Table(("db", "public", "customers"), ("id", "name")),
    Table(("db", "raw", "pay"), ("order_id", "cents")),
)
MERGE = (
    "merge into customers c using orders o on c.id = o.id when matched then update set name = o.status "
    "when not matched then insert (id, name) values (o.id, o.status)"
)
EVERY = ("postgres", "mysql", "duckdb", "snowflake", "bigquery", "spark", "tsql", "redshift", "sqlite", "")


def ask(sql: str, dialect: str = "postgres") -> tuple[Statement, ...]:
    return read(Question(sql, dialect, TABLES, ("db", "public")))


def direct(statement: Statement) -> set[tuple[str, str, str]]:
    """Column and how, for what goes in: `orders.id`, `id`, `identity`."""
    return {
        (f"{link.table[-1]}.{link.column}", link.into, link.how) for link in statement.links if link.is_direct
    }


def deciding(statement: Statement) -> set[tuple[str, str]]:
    return {(f"{link.table[-1]}.{link.column}", link.how) for link in statement.links if not link.is_direct}


@pytest.mark.parametrize("dialect", EVERY)
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select name from customers", {("customers.name", "name", "identity")}),
        ("select upper(name) as n from customers", {("customers.name", "n", "transformation")}),
        ("select sum(amount) as total from orders", {("orders.amount", "total", "aggregation")}),
        ("select c.name as n from (select * from customers) c", {("customers.name", "n", "identity")}),
        (
            "with a as (select id as x from orders), b as (select x + 1 as y from a) select y from b",
            {("orders.id", "y", "transformation")},
        ),
        (
            "select id from orders union all select id from customers",
            {("orders.id", "id", "identity"), ("customers.id", "id", "identity")},
        ),
        ("select p.cents from raw.pay p", {("pay.cents", "cents", "identity")}),
    ],
)
def test_columns_are_followed_in_every_dialect(
    dialect: str, sql: str, expected: set[tuple[str, str, str]]
) -> None:
    (found,) = ask(sql, dialect)
    assert direct(found) == expected
    assert not found.problems


def test_a_star_stands_for_the_columns_in_their_order_and_spelling() -> None:
    (found,) = ask("select * from orders")
    assert found.columns == ("id", "customer_id", "amount", "Status")


def test_joins_filters_groups_windows_and_conditions_decide_but_do_not_go_in() -> None:
    (found,) = ask(
        "select c.name, case when o.amount > 1 then o.id end as big, row_number() over (partition by o.customer_id) n "
        "from orders o join customers c on c.id = o.customer_id where o.\"Status\" = 'x' group by 1, 2"
    )
    assert direct(found) == {("customers.name", "name", "identity"), ("orders.id", "big", "transformation")}
    assert {how for _, how in deciding(found)} == {"join", "filter", "group", "window", "condition"}
    assert ("orders.Status", "filter") in deciding(found)


def test_what_decides_inside_a_cte_decides_outside_as_well() -> None:
    (found,) = ask("with a as (select id from orders where amount > 0) select id as x from a")
    assert deciding(found) == {("orders.amount", "filter")}


def test_correlated_subqueries_are_followed() -> None:
    (found,) = ask("select (select max(cents) from raw.pay p where p.order_id = o.id) as m from orders o")
    assert direct(found) == {("pay.cents", "m", "aggregation")}
    assert deciding(found) == {("pay.order_id", "filter"), ("orders.id", "filter")}


def test_a_recursive_query_is_followed_once_round() -> None:
    (found,) = ask(
        "with recursive r(n, parent) as (select id, customer_id from orders union all "
        "select o.id, r.n from orders o join r on r.n = o.customer_id) select * from r"
    )
    assert direct(found) >= {("orders.id", "n", "identity"), ("orders.id", "parent", "identity")}


@pytest.mark.parametrize(
    ("sql", "dialect", "kind", "expected"),
    [
        ("create view v (p) as select name from customers", "sqlite", "view", {("customers.name", "p", "identity")}),
        ("create materialized view v as select id from orders", "postgres", "view", {("orders.id", "id", "identity")}),
        ("create table t as select id from orders", "duckdb", "table", {("orders.id", "id", "identity")}),
        ("select id into t from orders", "tsql", "table", {("orders.id", "id", "identity")}),
        ("insert into customers (name) select status from orders", "mysql", "insert",
         {("orders.Status", "name", "identity")}),
        ("insert into customers select id, status from orders", "postgres", "insert",
         {("orders.id", "id", "identity"), ("orders.Status", "name", "identity")}),
        ("update customers set name = o.status from orders o where o.id = customers.id", "postgres", "update",
         {("orders.Status", "name", "identity")}),
        ("update orders o join customers c on c.id = o.customer_id set o.status = c.name", "mysql", "update",
         {("customers.name", "Status", "identity")}),
        (MERGE, "snowflake", "merge",
         {("orders.id", "id", "identity"), ("orders.Status", "name", "identity")}),
    ],
)  # fmt: skip
def test_statements_that_fill_tables(
    sql: str, dialect: str, kind: str, expected: set[tuple[str, str, str]]
) -> None:
    (found,) = ask(sql, dialect)
    assert (found.kind, direct(found)) == (kind, expected)
    assert found.writes


def test_unknown_tables_are_named_in_full_and_their_columns_taken_where_it_is_certain() -> None:
    (found,) = ask("select a, b + 1 as c from elsewhere.things")
    assert found.reads == (("db", "elsewhere", "things"),)
    assert direct(found) == {("things.a", "a", "identity"), ("things.b", "c", "transformation")}
    (through,) = ask("with s as (select * from elsewhere.things) select a as x from s")
    assert direct(through) == {("things.a", "x", "identity")}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("selec * fro x", "not understood"),
        ("select (1", "column"),
        ("select a from where ((", "Expected table name but got “where”"),
        ("", "empty"),
        ("select * from {{ ref('x') }}", "templates"),
        ("vacuum", "say nothing"),
        ("insert into orders values (1)", "from no table"),
        ("select * from nowhere", "not known"),
        ("select x from nowhere, orders", "not certain"),
        ("(" * 500 + "1" + ")" * 500, "too deeply"),
    ],
)
def test_what_is_not_understood_is_told(sql: str, words: str) -> None:
    assert any(words in problem for found in ask(sql) for problem in found.problems)


@given(st.lists(st.sampled_from(
    ["select", "*", "from", "orders", "o", "(", ")", ",", "join", "on", "id", "=", "with", "a", "as", "union", "where",
     "case", "when", "then", "end", "1", "'x'", '"', ";", "merge", "into", "using", "update", "set", "insert", "values",
     "lateral", "unnest", ".", "over", "create", "view", "group by", "\0", "\ud800", "é"]
), max_size=25), st.sampled_from(EVERY))  # fmt: skip
@settings(max_examples=150)
def test_no_text_is_too_much(words: list[str], dialect: str) -> None:
    for found in ask(" ".join(words), dialect):
        assert found.kind or found.problems
        for link in found.links:
            assert link.table in found.reads
            assert link.into in found.columns
