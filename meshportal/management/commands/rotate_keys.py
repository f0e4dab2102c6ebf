"""`rotate_keys`: new keys for signing and for credentials, everything stored brought under the newest one."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.common.crypto import CannotDecrypt
from meshportal import rotation
from meshportal.run.environment import RunError
from meshportal.run.up import locked


class Command(BaseCommand):
    help = (
        "Make a new signing key and a new encryption key in the data folder, encrypt every stored credential with the "
        "new one, drop the old ones. Keys that stand in settings are not touched: put the new one first there, restart "
        "every process, and run this to bring the credentials under it. The portal must be stopped for keys of its "
        "data folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be done")
        parser.add_argument(
            "--sign-everybody-out",
            action="store_true",
            help="believe nothing any more that an older signing key signed: for a key that became known",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = rotation.examine()
            if options["dry_run"]:
                for line in plan.sentences:
                    self.stdout.write(line)
                self.stdout.write("Nothing was changed.")
                return
            if not plan.in_folder:
                self._report(rotation.rotate(sign_everybody_out=False))
                return
            with locked(settings.DATA_DIR):
                self._report(rotation.rotate(sign_everybody_out=options["sign_everybody_out"]))
        except (CannotDecrypt, RunError) as error:
            raise CommandError(f"The keys were not rotated. {error}") from error

    def _report(self, sentences: list[str]) -> None:
        for line in sentences:
            self.stdout.write(line)
