"""The app: on start, its receivers listen."""

from importlib import import_module

from django.apps import AppConfig

ANNOUNCED = (
    "lineage.edges.permissions",
    "lineage.openlineage.permissions",
    "lineage.receivers",
    "lineage.tabs",
    "lineage.datasets.permissions",
    "lineage.datasets.samples",
    "lineage.datasets.receivers",
    "lineage.impact.reaching",
    "lineage.dbt.permissions",
    "lineage.dbt.receivers",
    "lineage.sql.receivers",
)


class LineageConfig(AppConfig):
    name = "lineage"
    verbose_name = "Lineage"

    def ready(self) -> None:
        for module in ANNOUNCED:
            import_module(module)
