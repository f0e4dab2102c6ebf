"""`apply_retention`: delete what the settings say is kept no longer."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from meshportal import retention


class Command(BaseCommand):
    help = "Delete rows older than the settings say, in small batches; the worker does so every six hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = retention.count_due() if options["dry_run"] else retention.apply()
        kept = {rule.name: rule.kept for rule in retention.rules()}
        for name, count in counts.items():
            self.stdout.write(
                f"{name}: {count} {'would go' if options['dry_run'] else 'gone'} (kept {kept[name]})"
            )
        if options["dry_run"]:
            self.stdout.write("Nothing was deleted.")
