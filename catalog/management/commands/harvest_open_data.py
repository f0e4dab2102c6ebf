"""`manage.py harvest_open_data FOLDER`: the Registry of Open Data as products everybody can find."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.common.errors import PortalError
from catalog.contracts.importer import sources_in
from catalog.contracts.services.harvesting import harvest_registry


class Command(BaseCommand):
    help = (
        "Harvest a folder of Registry of Open Data YAML files: a product a file, a port a resource. "
        "Running it again changes nothing; files that are gone are marked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER")
        parser.add_argument(
            "--force", action="store_true", help="also when more than half of the files are gone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"])
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.", returncode=2)
        started = time.monotonic()
        try:
            result = harvest_registry(actor=None, sources=sources_in(folder), force=options["force"])
        except PortalError as error:
            raise CommandError(str(error), returncode=1) from error
        for path, problem in result.problems:
            self.stderr.write(f"{path}: {problem.path}: {problem.message}")
        counts = (
            ", ".join(f"{number} {word}" for word, number in result.counts.items() if number) or "nothing"
        )
        self.stdout.write(f"{counts} in {time.monotonic() - started:.1f} s")
        if result.problems:
            raise SystemExit(1)
