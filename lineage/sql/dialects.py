"""Which dialect of SQL a connection's kind, or an adapter of dbt, speaks. Pure."""

BY_KIND = {
    "postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite", "duckdb": "duckdb",
    "iceberg": "spark", "delta": "spark",
}  # fmt: skip
BY_ADAPTER = {
    "postgres": "postgres", "redshift": "redshift", "snowflake": "snowflake", "bigquery": "bigquery",
    "duckdb": "duckdb", "spark": "spark", "databricks": "databricks", "trino": "trino", "presto": "presto",
    "athena": "athena", "sqlserver": "tsql", "synapse": "tsql", "fabric": "tsql", "clickhouse": "clickhouse",
    "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "oracle": "oracle", "teradata": "teradata",
    "hive": "hive", "exasol": "exasol", "singlestore": "singlestore", "materialize": "materialize",
    "risingwave": "risingwave", "starrocks": "starrocks", "doris": "doris", "dremio": "dremio", "greenplum": "postgres",
    "alloydb": "postgres", "cockroachdb": "postgres", "impala": "hive", "db2": "", "vertica": "postgres",
}  # fmt: skip
LABELS = {
    "": "Standard SQL", "athena": "Athena", "bigquery": "BigQuery", "clickhouse": "ClickHouse",
    "databricks": "Databricks", "duckdb": "DuckDB", "hive": "Hive", "mysql": "MySQL or MariaDB", "oracle": "Oracle",
    "postgres": "PostgreSQL", "presto": "Presto", "redshift": "Redshift", "snowflake": "Snowflake", "spark": "Spark",
    "sqlite": "SQLite", "teradata": "Teradata", "trino": "Trino", "tsql": "SQL Server",
}  # fmt: skip


def of_kind(kind: str) -> str:
    """The dialect of a connection's kind; standard SQL where it has none of its own."""
    return BY_KIND.get(kind, "")


def of_adapter(adapter: str) -> str:
    return BY_ADAPTER.get(adapter.lower(), "")
