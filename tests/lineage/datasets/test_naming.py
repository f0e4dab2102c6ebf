"""When two names of datasets mean the same thing, platform by platform."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.datasets.naming import (
    LONGEST,
    DatasetName,
    Known,
    chosen,
    fitted,
    kind_of,
    loose_form,
    match_key,
    parts_of,
)

PG = "postgres://db.example:5432"

SAME = [
    ((PG, "shop.public.orders"), ("postgresql://DB.example", "shop.public.orders")),
    ((PG, "shop.public.orders"), ("postgres://db.example:5432/", "shop.public.ORDERS")),
    ((PG, "shop.public.orders"), ("jdbc:postgresql://db.example:5432/shop", "public.orders")),
    ((PG, "shop.public.orders"), ("postgres://reader@db.example:5432", '"shop"."public"."orders"')),
    (("snowflake://org-acct", "SHOP.PUBLIC.ORDERS"), ("snowflake://ORG-ACCT", "shop.public.orders")),
    (
        ("snowflake://ab12.eu-central-1", "S.P.T"),
        ("snowflake://ab12.eu-central-1.snowflakecomputing.com", "s.p.t"),
    ),
    (("s3://plays", "raw/2026"), ("s3a://plays/", "/raw/2026/")),
    (("s3://plays", "raw/2026"), ("s3://plays/raw", "2026")),
    (("gs://plays", "raw"), ("gcs://plays", "raw/")),
    (("file", "/data/plays.csv"), ("file://", "data/plays.csv")),
    (("file", "/data/plays.csv"), ("file:/data", "plays.csv")),
    (("kafka://broker:9092", "plays"), ("kafka://Broker,other:9092", "plays")),
    (("bigquery", "p.d.t"), ("bigquery:", "p:d.t")),
    (("mysql://db:3306", "shop.orders"), ("mariadb://DB/shop", "orders")),
    (("awsathena://athena.eu-west-1.amazonaws.com", "c.d.T"), ("athena://athena.eu-west-1.amazonaws.com", "C.d.t")),
    (("duckdb:///data/shop.duckdb", "main.orders"), ("duckdb:///data/shop.duckdb", "shop.main.Orders")),
    (("sqlserver://db:1433", "shop.dbo.orders"), ("mssql://db", "[shop].[dbo].[orders]")),
    (("https://api.example", "v1/plays"), ("https://API.example:443/", "/v1/plays")),
]  # fmt: skip
DIFFERENT = [
    ((PG, "shop.public.orders"), ("postgres://db.example:5433", "shop.public.orders")),
    ((PG, "shop.public.orders"), (PG, "shop.sales.orders")),
    (("s3://plays", "raw"), ("s3://Plays", "raw")),
    (("s3://plays", "raw"), ("s3://plays", "Raw")),
    (("kafka://b:9092", "plays"), ("kafka://b:9092", "Plays")),
    (("mysql://db:3306", "shop.orders"), ("mysql://db:3306", "shop.Orders")),
    (("bigquery", "p.d.t"), ("bigquery", "p.d.T")),
    (("food_delivery", "public.orders"), ("food_delivery", "public.Orders")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_dataset_are_found_by_one_another(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    known, name = DatasetName(*one), DatasetName(*other)
    assert match_key(name) == match_key(known)
    assert chosen(name, [Known(known, is_literal=True)]) == 0
    assert chosen(known, [Known(name)]) == 0


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_that_mean_different_things_stay_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert match_key(DatasetName(*one)) != match_key(DatasetName(*other))


CASES = [
    # asked for, what a crawl read, what is meant
    ("shop.public.ORDERS", ["shop.public.Orders", "shop.public.orders"], 1),
    ("shop.public.Orders", ["shop.public.Orders", "shop.public.orders"], 0),
    ('shop.public."Orders"', ["shop.public.orders", "shop.public.Orders"], 1),
    ('shop.public."Orders"', ["shop.public.orders"], None),
    ('shop.public."orders"', ["shop.public.Orders"], None),
    ("shop.public.orders", ["shop.public.Orders"], 0),
    ("shop.public.orders", ["shop.public.Orders", "shop.public.ORDERS"], None),
]


@pytest.mark.parametrize(("asked", "read", "meant"), CASES)
def test_of_tables_that_differ_in_case_the_one_the_platform_means_is_chosen(
    asked: str, read: list[str], meant: int | None
) -> None:
    known = [Known(DatasetName(PG, name), is_literal=True) for name in read]
    assert chosen(DatasetName(PG, asked), known) == meant


def test_dots_within_quotes_do_not_part() -> None:
    assert [part.text for part in parts_of('a."b.c".`d``e`')] == ["a", "b.c", "d`e"]
    assert [part.text for part in parts_of('a."b.c')] == ["a", '"b', "c"]
    assert match_key(DatasetName(PG, 'a."b.c".d')) != match_key(DatasetName(PG, "a.b.c.d"))


def test_a_name_that_is_too_long_is_cut_and_stays_itself() -> None:
    one, other = DatasetName(PG, "x" * 5_000), DatasetName(PG, "x" * 4_999 + "y")
    assert len(fitted(one).name) == LONGEST
    assert fitted(one) == fitted(one) != fitted(other)
    assert fitted(fitted(one)) == fitted(one)


def test_a_password_in_a_namespace_is_not_kept() -> None:
    assert fitted(DatasetName("postgres://me:secret@db:5432", "a.b.c")).namespace == PG.replace(
        "db.example", "db"
    )


def test_a_name_suggests_a_kind() -> None:
    kinds = [
        kind_of(DatasetName(space, "x")) for space in (PG, "kafka://b", "s3://b", "https://h", "anything")
    ]
    assert kinds == ["table", "topic", "files", "api", "table"]


@given(st.text(max_size=500), st.text(max_size=500))
def test_any_text_is_a_name_that_can_be_stored_and_is_found_again(namespace: str, name: str) -> None:
    written = DatasetName(namespace, name)
    stored = fitted(written)
    assert max(len(stored.namespace), len(stored.name)) <= LONGEST
    assert "\x00" not in stored.namespace + stored.name
    (stored.namespace + stored.name).encode()
    assert fitted(stored) == stored
    assert chosen(stored, [Known(stored)]) == 0
    assert len(match_key(stored)) == 64
    loose_form(written)


@given(st.sampled_from(["postgres", "snowflake", "mysql", "oracle"]), st.text('aAbB."`[]', max_size=20))
def test_a_name_and_its_loose_form_look_alike(scheme: str, name: str) -> None:
    """The loose form is a fixed point, unless quotes became letters of it."""
    once = loose_form(DatasetName(f"{scheme}://h:1", name))
    if not set('"`[]') & set(name):
        assert loose_form(DatasetName(*once)) == once
