"""`manage.py remove_demo [--dry-run]`: take the demo mesh out of this installation."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.common.errors import PortalError
from catalog.demo.removal import remove_demo


class Command(BaseCommand):
    help = "Remove everything the demo made, and nothing else. Stop the portal first, and start it again afterwards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts, stays = remove_demo(dry_run=options["dry_run"])
        except PortalError as error:
            raise CommandError(str(error)) from error
        words = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
        self.stdout.write(f"{'Would be removed' if options['dry_run'] else 'Removed'}: {words or 'nothing'}.")
        for item in stays:
            self.stdout.write(f"Stays, because something of yours is in it: {item}.")
        if not options["dry_run"]:
            self.stdout.write("The demo's accounts are gone. Make an administrator with create_admin.")
