"""How platforms name datasets: schemes, default ports, what they do to letters, what a name is made of.

Source: the naming rules of OpenLineage (docs/spec/naming) for schemes and parts; the platforms' own manuals for
default ports and for what becomes of identifiers that are not quoted.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Style(Enum):
    """What a name is made of."""

    PARTS = "parts"  # database.schema.table
    PATH = "path"  # folder/file
    PLAIN = "plain"  # a topic, a job's word for it: nothing inside it means anything


class Fold(Enum):
    """What a platform makes of an identifier that is not quoted."""

    KEPT = "kept"
    LOWER = "lower"
    UPPER = "upper"

    def apply(self, text: str) -> str:
        return {Fold.LOWER: text.lower(), Fold.UPPER: text.upper()}.get(self, text)


@dataclass(frozen=True, slots=True)
class Platform:
    """`port` is what is meant where none is given; `has_host`: what follows `//` is a host, and hosts know no case."""

    scheme: str
    style: Style = Style.PARTS
    fold: Fold = Fold.KEPT
    port: int | None = None
    has_host: bool = True
    kind: str = "table"  # of an asset that nothing but its name is known of
    depth: int = 3  # how many parts a full name has


_PLATFORMS: Final = (
    Platform("postgres", fold=Fold.LOWER, port=5432),
    Platform("redshift", fold=Fold.LOWER, port=5439),
    Platform("mysql", port=3306, depth=2),
    Platform("sqlserver", fold=Fold.LOWER, port=1433),
    Platform("oracle", fold=Fold.UPPER, port=1521),
    Platform("db2", fold=Fold.UPPER, port=50000),
    Platform("teradata", fold=Fold.UPPER, port=1025, depth=2),
    Platform("snowflake", fold=Fold.UPPER),
    Platform("bigquery"),
    Platform("spanner"),
    Platform("trino", fold=Fold.LOWER, port=8080),
    Platform("hive", fold=Fold.LOWER, depth=2),
    Platform("databricks", fold=Fold.LOWER),
    Platform("awsathena", fold=Fold.LOWER),
    Platform("clickhouse", depth=2),
    Platform("vertica", fold=Fold.LOWER, port=5433),
    Platform("crate", fold=Fold.LOWER),
    Platform("oceanbase", port=2881, depth=2),
    Platform("cassandra", fold=Fold.LOWER, port=9042, depth=2),
    Platform("duckdb", fold=Fold.LOWER, has_host=False, depth=2),
    Platform("sqlite", fold=Fold.LOWER, has_host=False, depth=1),
    Platform("kafka", Style.PLAIN, port=9092, kind="topic"),
    Platform("pubsub", Style.PLAIN, kind="topic"),
    Platform("s3", Style.PATH, has_host=False, kind="files"),  # a bucket is no host: its letters count
    Platform("gs", Style.PATH, has_host=False, kind="files"),
    Platform("abfss", Style.PATH, kind="files"),
    Platform("wasbs", Style.PATH, kind="files"),
    Platform("hdfs", Style.PATH, port=8020, kind="files"),
    Platform("dbfs", Style.PATH, kind="files"),
    Platform("file", Style.PATH, kind="files"),
    Platform("http", Style.PATH, port=80, kind="api"),
    Platform("https", Style.PATH, port=443, kind="api"),
)
_BY_SCHEME: Final = {platform.scheme: platform for platform in _PLATFORMS}
_OTHER_WORDS: Final = {
    "postgresql": "postgres",
    "pg": "postgres",
    "mariadb": "mysql",
    "mssql": "sqlserver",
    "presto": "trino",
    "athena": "awsathena",
    "s3a": "s3",
    "s3n": "s3",
    "gcs": "gs",
    "abfs": "abfss",
    "wasb": "wasbs",
    "sql-server": "sqlserver",
}


def platform_of(scheme: str) -> Platform | None:
    """The platform a scheme stands for, by any of its words; None for one nobody told us of."""
    word = scheme.lower()
    return _BY_SCHEME.get(_OTHER_WORDS.get(word, word))
