"""`manage.py import_slos FILE… [--port KEY] [--as USER]`: objectives from OpenSLO v1 documents."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts.models import User
from catalog.slos.exchange import import_slos


class Command(BaseCommand):
    help = (
        "Promise the objectives of OpenSLO v1 files. Exit status: 0 nothing was refused, 1 something was, "
        "2 it could not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument(
            "--port", default="", help="domain/slug/name/version, for documents that name none"
        )
        parser.add_argument("--as", dest="username", help="with this person's rights, not the portal's own")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = None
        if options["username"]:
            actor = User.objects.active().filter(username__iexact=options["username"]).first()
            if actor is None:
                raise CommandError("There is no active person of that name.", returncode=2)
        is_refused = False
        for name in options["files"]:
            try:
                raw = Path(name).read_bytes()
            except OSError as error:
                raise CommandError(f"{name} cannot be read: {error.strerror}.", returncode=2) from error
            for item in import_slos(actor=actor, raw=raw, port_key=options["port"]):
                is_refused |= item.status == "refused"
                self.stdout.write(f"{item.status:<10} {name} {item.key}".rstrip())
                for problem in item.problems:
                    self.stdout.write(f"    {problem.severity}: {problem.path}: {problem.message}")
        if is_refused:
            raise SystemExit(1)
