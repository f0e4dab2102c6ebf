"""What dbt's tables are called as datasets, and where that namespace comes from. Pure.

A manifest says database, schema and table but not the host, so the namespace is given, or that of a connection, or made
of the project's name; only BigQuery's is the same everywhere. Names are those dbt-ol gives: database.schema.table.
"""

from lineage.datasets.naming import DatasetName
from lineage.dbt.nodes import Node, Project
from lineage.sql.shapes import name_of

KINDS_OF_ADAPTER = {
    "postgres": "postgresql", "alloydb": "postgresql", "greenplum": "postgresql", "redshift": "postgresql",
    "mysql": "mysql", "mariadb": "mysql", "duckdb": "duckdb", "sqlite": "sqlite",
}  # fmt: skip


def namespace_of(project: Project, team: str) -> str:
    """The namespace of a project of which nothing more is known; a team's own, so that no other is meant by it."""
    if project.adapter == "bigquery":
        return "bigquery"
    return f"dbt://{team}/{project.name}"


def job_namespace_of(project: Project, team: str) -> str:
    return f"dbt://{team}/{project.name}"


def dataset_of(namespace: str, node: Node) -> DatasetName:
    return DatasetName(namespace, name_of(node.parts))
