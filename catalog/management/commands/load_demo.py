"""`manage.py load_demo`: make the demo mesh in a fresh data folder, or complete it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.common.errors import PortalError
from catalog.demo.loading import load_demo, refused


class Command(BaseCommand):
    help = (
        "Make the demo mesh: documents and stores of the made-up company Daff. Running it again completes it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = load_demo(tell=self.stdout.write)
        except PortalError as error:
            raise CommandError(str(error)) from error
        for result in refused(results):
            for problem in result.problems:
                self.stderr.write(f"{result.path}: {problem.path}: {problem.message}")
        if refused(results):
            raise CommandError("Some documents of the demo were refused.")
