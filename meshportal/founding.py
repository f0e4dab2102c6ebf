"""The tables of an empty database, made from the models at once.

Migrations lead to the same tables (a test compares both, column by column), but render the state of every model for
each of their steps: ten seconds of processor time at the first start, and in every test that starts a portal. They are
recorded as applied, because what they would do is done. This is for databases that hold nothing, and only as long as no
migration writes rows: those that every database needs are written by a receiver of `post_migrate`.
"""

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.recorder import MigrationRecorder

OWN = {"catalog", "lineage"}


def found_database() -> None:
    """Make the tables of an empty database, and the rows every database has."""
    make_tables()
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def make_tables() -> None:
    """Migrate what other packages bring, make the portal's tables and record its migrations, in one transaction.

    A process killed within leaves a database that migrations bring here the usual way.
    """
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    executor.migrate([leaf for leaf in leaves if leaf[0] not in OWN])
    recorder = MigrationRecorder(connection)
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.app_label in OWN and model._meta.can_migrate(connection):
                editor.create_model(model)
        for migration, _ in executor.migration_plan(leaves, clean_start=True):
            if migration.app_label in OWN:
                recorder.record_applied(migration.app_label, migration.name)


def writes_rows() -> list[str]:
    """The portal's own migrations that do more than shape tables: with one of them a database must be migrated."""
    executor = MigrationExecutor(connection)
    return [
        f"{app}.{name}"
        for (app, name), migration in executor.loader.disk_migrations.items()
        if app in OWN and any(isinstance(step, RunPython | RunSQL) for step in migration.operations)
    ]
