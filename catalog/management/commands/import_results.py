"""`manage.py import_results FILE… [--kind K] [--port P] [--as USER]`: results of other tools onto their ports."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts.models import User
from catalog.common.errors import PortalError
from catalog.quality.outside.documents import MAX_BYTES
from catalog.quality.outside.named_port import find_port
from catalog.quality.outside.reading import NAMES, read_files
from catalog.quality.outside.services import Taken, take_results

COULD_NOT_RUN, SOMETHING_LEFT_OUT = 2, 1


class Command(BaseCommand):
    help = (
        "Take results of dbt (with manifest.json beside run_results.json), Great Expectations, Soda, datacontract-cli "
        "and ODCS rules. Exit status: 0 all were taken, 1 some could not be placed, 2 none were."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="JSON, plain or gzipped")
        parser.add_argument("--kind", choices=NAMES, default="", help="instead of finding it by content")
        parser.add_argument("--port", default="", help="domain/product/port[/version] they are all about")
        parser.add_argument("--as", dest="username", help="with this person's rights, not the portal's own")
        parser.add_argument("--json", action="store_true", help="print one object a file")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = self._actor(options["username"])
        try:
            files = [(name, self._read(Path(name))) for name in options["files"]]
            port = find_port(actor, options["port"]) if options["port"] else None
            taken = [
                take_results(actor=actor, reading=reading, name=name, port=port)
                for name, reading in read_files(files, options["kind"])
            ]
        except PortalError as error:
            told = [f"  {problem.path}: {problem.message}" for problem in error.problems[:20]]
            self._give_up("\n".join([str(error), *told]))
        for item in taken:
            self._show(item, as_json=options["json"])
        if any(item.unplaced for item in taken):
            raise SystemExit(SOMETHING_LEFT_OUT)

    def _read(self, file: Path) -> bytes:
        try:
            with file.open("rb") as stream:
                return stream.read(MAX_BYTES + 1)
        except OSError as error:
            self._give_up(f"{file} cannot be read: {error.strerror}.")

    def _actor(self, username: str | None) -> User | None:
        if not username:
            return None
        person: User | None = User.objects.active().filter(username__iexact=username).first()
        return person or self._give_up(f"There is no active person named {username}.")

    def _show(self, taken: Taken, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(taken.as_dict(), ensure_ascii=False))
            return
        left = f", {taken.waiting} waiting for a port" if taken.waiting else ""
        left += f", {taken.unplaced} left out" if taken.unplaced else ""
        where = ", ".join(taken.ports) or "no port"
        self.stdout.write(f"{taken.name} ({taken.tool}): {taken.results} results on {where}{left}")
        for problem in taken.problems:
            self.stdout.write(f"    {problem.path}: {problem.message} [{problem.rule}]")

    def _give_up(self, message: str) -> NoReturn:
        raise CommandError(message, returncode=COULD_NOT_RUN)
