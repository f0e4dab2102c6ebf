"""`rebuild_search_index`: a new index beside the one in use, then swapped in; searches go on meanwhile."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.search import services
from catalog.search.selectors import index_state


class Command(BaseCommand):
    help = "Build the search index anew from the database and swap it in. Searches go on meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="build nothing: compare index and database, mend what differs",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        begun = time.monotonic()
        try:
            if options["check"]:
                self._compare()
                return
            count = services.rebuild_index()
        except services.Busy as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} documents indexed in {time.monotonic() - begun:.1f} s.")

    def _compare(self) -> None:
        drift = services.repair_drift()
        if drift is None:
            raise CommandError("Another process is writing the search index. Try again in a minute.")
        self.stdout.write(
            f"{len(drift.missing)} missing, {len(drift.outdated)} outdated, {len(drift.surplus)} too many; mended."
        )
        self.stdout.write(index_state().sentence)
