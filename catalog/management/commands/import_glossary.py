"""`manage.py import_glossary FILE [--as USER] [--dry-run]`: terms from a file, all of them or none."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts.models import User
from catalog.common.documents import MAX_BYTES
from catalog.common.errors import PortalError
from catalog.glossary.importing import import_terms

REFUSED = 2


class Command(BaseCommand):
    help = "Make or change the terms of a YAML or JSON file. Exit status 2: nothing was taken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="YAML or JSON, plain or gzipped")
        parser.add_argument("--as", dest="username", help="with this person's rights, not the portal's own")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Path(options["file"]).open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(
                f"{options['file']} cannot be read: {error.strerror}.", returncode=REFUSED
            ) from error
        actor = self._actor(options["username"])
        try:
            outcomes = import_terms(actor=actor, raw=raw, is_dry_run=options["dry_run"])
        except PortalError as error:
            told = [f"  {problem.path}: {problem.message}" for problem in error.problems[:20]]
            raise CommandError("\n".join([str(error), *told]), returncode=REFUSED) from error
        counts = Counter(outcome.status for outcome in outcomes)
        words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"
        links = sum(outcome.links for outcome in outcomes)
        would = " (nothing is kept of this)" if options["dry_run"] else ""
        self.stdout.write(f"Terms: {words}; links made: {links}{would}")

    def _actor(self, username: str | None) -> User | None:
        if not username:
            return None
        person: User | None = User.objects.active().filter(username__iexact=username).first()
        if person is None:
            raise CommandError(f"There is no active person named {username}.", returncode=REFUSED)
        return person
