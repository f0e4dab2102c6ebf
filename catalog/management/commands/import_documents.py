"""`manage.py import_documents PATH… [--dry-run] [--format json]`: contracts and descriptors into the mesh."""

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts.models import User
from catalog.contracts.importer import import_all, sources_in
from catalog.contracts.results import REFUSED, ImportOptions, ImportResult

COULD_NOT_RUN, SOMETHING_REFUSED = 2, 1


class Command(BaseCommand):
    help = (
        "Import data contracts (ODCS 3.x) and data products (Bitol ODPS 0.9 to 1.1) from files and folders. "
        "Exit status: 0 nothing was refused, 1 something was, 2 it could not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder to walk")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        parser.add_argument(
            "--format", choices=["text", "json"], default="text", help="json: one object a file"
        )
        parser.add_argument(
            "--as", dest="username", help="import with this person's rights, not the portal's own"
        )
        parser.add_argument(
            "--no-create", action="store_true", help="refuse products whose domain is not in the mesh yet"
        )
        parser.add_argument(
            "--domain", default="unassigned", help="for products that name no domain (a slug)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        paths = [Path(path) for path in options["paths"]]
        for path in paths:
            if not path.exists():
                self._give_up(f"There is nothing at {path}.")
        chosen = ImportOptions(create_missing=not options["no_create"], default_domain=options["domain"])
        results = import_all(
            (source for path in paths for source in sources_in(path)),
            actor=self._actor(options["username"]),
            options=chosen,
            dry_run=options["dry_run"],
        )
        counts: Counter[str] = Counter()
        for result in results:
            counts[result.status] += 1
            self._show(result, options["format"])
        if options["format"] == "text":
            summary = (
                ", ".join(f"{number} {status}" for status, number in sorted(counts.items())) or "no documents"
            )
            self.stdout.write(f"{summary}{' (nothing was changed: dry run)' if options['dry_run'] else ''}")
        if counts[REFUSED]:
            raise SystemExit(SOMETHING_REFUSED)

    def _actor(self, username: str | None) -> User | None:
        if not username:
            return None
        person: User | None = User.objects.active().filter(username__iexact=username).first()
        return person or self._give_up(f"There is no active person named {username}.")

    def _show(self, result: ImportResult, form: str) -> None:
        if form == "json":
            self.stdout.write(json.dumps(result.as_dict(), ensure_ascii=False))
            return
        kind = f"{result.kind} {result.version}".strip()
        self.stdout.write(f"{result.status:<10} {result.path} ({kind})")
        for problem in result.problems:
            if problem.severity != "info" or int(self.verbosity) > 1:
                self.stdout.write(
                    f"    {problem.severity}: {problem.path}: {problem.message} [{problem.rule}]"
                )

    def _give_up(self, message: str) -> NoReturn:
        raise CommandError(message, returncode=COULD_NOT_RUN)

    def execute(self, *args: Any, **options: Any) -> Any:
        self.verbosity = options["verbosity"]
        return super().execute(*args, **options)
