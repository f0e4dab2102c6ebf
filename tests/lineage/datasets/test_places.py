"""What events would call the places that contracts and ports name."""

from typing import Any

import pytest

from lineage.datasets.naming import DatasetName, match_key
from lineage.datasets.places import names_of_location, names_of_server

SERVERS = [
    ({"type": "postgresql", "host": "h", "port": 5433, "database": "d", "schema": "s"}, ("postgres://h:5433", "d.s.t")),
    ({"type": "postgres", "host": "h", "database": "d", "schema": "s"}, ("postgres://h:5432", "d.s.t")),
    ({"type": "redshift", "host": "h", "database": "d", "schema": "s"}, ("redshift://h:5439", "d.s.t")),
    ({"type": "mysql", "host": "h", "database": "d"}, ("mysql://h:3306", "d.t")),
    ({"type": "sqlserver", "host": "h", "database": "d", "schema": "s"}, ("sqlserver://h:1433", "d.s.t")),
    ({"type": "oracle", "host": "h", "port": 1521, "serviceName": "o", "schema": "s"}, ("oracle://h:1521", "o.s.t")),
    ({"type": "snowflake", "account": "a-b", "database": "d", "schema": "s"}, ("snowflake://a-b", "d.s.t")),
    ({"type": "bigquery", "project": "p", "dataset": "d"}, ("bigquery", "p.d.t")),
    ({"type": "trino", "host": "h", "port": 8080, "catalog": "c", "schema": "s"}, ("trino://h:8080", "c.s.t")),
    ({"type": "databricks", "host": "https://x.net", "catalog": "c", "schema": "s"}, ("databricks://x.net", "c.s.t")),
    ({"type": "athena", "region": "e", "catalog": "c", "schema": "s"}, ("awsathena://athena.e.amazonaws.com", "c.s.t")),
    ({"type": "glue", "account": "1", "database": "d", "regionName": "eu"}, ("arn:aws:glue:eu:1", "table/d/t")),
    ({"type": "kafka", "host": "h:9092"}, ("kafka://h:9092", "t")),
    ({"type": "kafka", "host": "h:9092", "topic": "x"}, ("kafka://h:9092", "x")),
    ({"type": "s3", "location": "s3://b/p/"}, ("s3://b", "p")),
    ({"type": "gcs", "location": "gs://b/p"}, ("gs://b", "p")),
    ({"type": "local", "path": "./data/x.csv"}, ("file", "./data/x.csv")),
    ({"type": "duckdb", "database": "/d/shop.duckdb", "schema": "main"}, ("duckdb:///d/shop.duckdb", "main.t")),
]  # fmt: skip


@pytest.mark.parametrize(("server", "meant"), SERVERS)
def test_a_server_of_a_contract_names_what_events_name(
    server: dict[str, Any], meant: tuple[str, str]
) -> None:
    (name,) = names_of_server(server["type"], server, "t")
    assert match_key(name) == match_key(DatasetName(*meant))


@pytest.mark.parametrize(
    "server",
    [
        {"type": "postgres"},
        {"type": "postgres", "host": None, "database": ["x"]},
        {"type": "s3"},
        {"type": "custom"},
        {"type": ""},
        {"type": "kafka", "host": True},
        {"type": "athena", "schema": "s"},
    ],
)
def test_a_server_that_says_too_little_names_nothing(server: dict[str, Any]) -> None:
    assert names_of_server(server["type"], server, "t") == []


def test_an_object_that_brings_its_schema_along_is_not_given_it_twice() -> None:
    server = {"host": "h", "database": "d", "schema": "s"}
    assert names_of_server("postgres", server, "s.t")[0].name == "d.s.t"


@pytest.mark.parametrize(
    ("location", "meant"),
    [
        ("s3://b/a/b.parquet", ("s3://b", "a/b.parquet")),
        ("postgresql://h/d/s.t", ("postgres://h:5432", "d.s.t")),
        ("kafka://h:9092/plays", ("kafka://h:9092", "plays")),
        ("https://api.example/v1/plays", ("https://api.example", "v1/plays")),
    ],
)
def test_a_location_that_is_an_address_is_a_name(location: str, meant: tuple[str, str]) -> None:
    (name,) = names_of_location(location)
    assert match_key(name) == match_key(DatasetName(*meant))


@pytest.mark.parametrize("location", ["", "public.orders", "s3://bucket", "ftp://h/x", "h:5432/d s.t", "://"])
def test_words_for_people_are_no_name(location: str) -> None:
    assert list(names_of_location(location)) == []
