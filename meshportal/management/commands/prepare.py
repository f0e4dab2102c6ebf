"""`prepare`: bring the database and the static files to this version; ./mesh up runs it before anything starts."""

import json
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from meshportal import upgrade
from meshportal.founding import found_database
from meshportal.hosts import UnfitHost, require_fit_host


class Command(BaseCommand):
    help = (
        "Back up the embedded database, migrate it, collect the static files. "
        'Prints {"fresh": true} when the database was empty before.'
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            state = upgrade.examine()
        except OperationalError as error:
            raise CommandError(
                f"The database cannot be reached: {str(error).strip()}. Check MESHPORTAL_DATABASE_URL."
            ) from error
        if state.unknown:
            raise CommandError(
                f"{settings.DATA_DIR} was written by a newer version of the portal (it knows "
                f"{', '.join(sorted(state.unknown)[:3])}). Use that version, or restore a backup made before it."
            )
        if state.pending and not state.fresh:
            backup = upgrade.back_up()
            if backup is not None:
                self.stderr.write(f"Backed up the database to {backup}.")
        if state.fresh:
            found_database()
        elif state.pending:
            call_command("migrate", interactive=False, verbosity=0)
        try:
            require_fit_host()
        except UnfitHost as error:
            raise CommandError(str(error)) from error
        if upgrade.static_files_changed():
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
            upgrade.note_static_files()
        self.stdout.write(json.dumps({"fresh": state.fresh}))
