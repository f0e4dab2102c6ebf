"""`manage.py clean_edges --source dbt --older-than 90 [--dry-run]`: end edges nobody sees any more, never deleting."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.common.errors import PortalError
from lineage.edges.cleaning import SOURCES, Selection, clean_edges, preview_cleaning


class Command(BaseCommand):
    help = "End lineage edges by source, job and age; with --dry-run only say exactly what would end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", default="", choices=["", *SOURCES], help="only of this source")
        parser.add_argument("--job", type=int, default=None, help="only of the job with this number")
        parser.add_argument("--older-than", type=int, default=0, help="only not seen for so many days")
        parser.add_argument("--dry-run", action="store_true", help="change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        selection = Selection(options["source"], options["job"], options["older_than"])
        act = preview_cleaning if options["dry_run"] else clean_edges
        try:
            done = act(actor=None, selection=selection)
        except PortalError as error:
            raise CommandError(
                " ".join([str(error), *(problem.message for problem in error.problems)])
            ) from error
        verb = "would end" if options["dry_run"] else "ended"
        self.stdout.write(
            f"{done.edges:,} edges, {done.columns:,} of columns and {done.derived:,} derived ones {verb}."
        )
