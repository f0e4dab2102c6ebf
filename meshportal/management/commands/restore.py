"""`restore FILE`: put a backup in the place of what is here."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from catalog.search.ownership import claim_index
from catalog.search.services import Busy, rebuild_index
from meshportal.backup import restoring
from meshportal.backup.archive import BackupError, Reader, opened
from meshportal.run.environment import RunError
from meshportal.run.up import locked


class Command(BaseCommand):
    help = (
        "Put the backup FILE in place: rows, keys, files; then migrate and build the search index. The portal must be "
        "stopped, on every host. What a used portal holds is replaced with --replace only, and backed up before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--replace", action="store_true", help="replace what the portal holds now")
        parser.add_argument("--dry-run", action="store_true", help="check the file and say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with opened(options["file"].expanduser().resolve()) as archive:
                restoring.check(archive)
                self._describe(archive)
                empty = restoring.is_empty()
                if options["dry_run"]:
                    self.stdout.write(
                        "The portal here is empty. "
                        if empty
                        else "The portal here is in use: --replace is needed. "
                    )
                    self.stdout.write("Nothing was changed.")
                    return
                if not empty and not options["replace"]:
                    raise BackupError(
                        "The portal here is in use. To put the backup in its place add --replace."
                    )
                with locked(settings.DATA_DIR):
                    self._restore(archive, empty)
        except (BackupError, RunError, OperationalError) as error:
            raise CommandError(f"Nothing was restored. {str(error).strip()}") from error

    def _describe(self, archive: Reader) -> None:
        manifest = archive.manifest
        self.stdout.write(
            f"A backup of {manifest.made_at} from {manifest.database}: {manifest.rows} rows of "
            f"{len(manifest.tables)} tables, whole and readable."
        )

    def _restore(self, archive: Reader, empty: bool) -> None:
        if not empty:
            self.stdout.write(f"What was here is kept in {restoring.back_up_first()}.")
        restoring.restore(archive)
        claim_index()
        self.stdout.write("Restored. Building the search index …")
        try:
            count = rebuild_index()
        except Busy:
            self.stdout.write("Another process builds the index already.")
        else:
            self.stdout.write(f"{count} documents indexed. Start the portal.")
