"""`backup FILE`: database, keys and files in one file, while the portal runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from meshportal.backup.archive import BackupError
from meshportal.backup.writing import back_up


class Command(BaseCommand):
    help = (
        "Write the whole portal (rows, keys, files) to FILE, as of one moment, while it runs. The file opens the "
        "stored credentials: keep it like a password. `restore` reads it, on SQLite and on PostgreSQL."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"].expanduser().resolve()
        try:
            manifest = back_up(path)
        except (BackupError, OperationalError) as error:
            raise CommandError(f"No backup was made. {str(error).strip()}") from error
        size = path.stat().st_size
        self.stdout.write(
            f"{path}: {manifest.rows} rows of {len(manifest.tables)} tables, {size:,} bytes. "
            "It holds the keys as well: keep it like a password."
        )
