"""`manage.py import_dbt DIR [--team T] [--connection C] [--namespace N] [--as USER]`: a project of dbt into lineage."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts.models import User
from catalog.common.errors import PortalError
from lineage.dbt.artifacts import NAMES
from lineage.dbt.models import DbtImport
from lineage.dbt.running import run_import
from lineage.dbt.services import request_import

FAILED = 2
_PIECE = 1 << 20
_SHOWN = 30


class Command(BaseCommand):
    help = (
        "Import manifest.json of dbt, with catalog.json, run_results.json and sources.json where they lie beside it, "
        "plain or gzipped (.gz). Twice is once. Exit status: 0 done, 2 nothing was changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", help="dbt's target folder, or a manifest")
        parser.add_argument("--team", default="", help="slug of the team that runs the project")
        parser.add_argument("--connection", default="", help="slug of the store dbt writes to")
        parser.add_argument("--namespace", default="", help="of its tables, as OpenLineage names them")
        parser.add_argument("--job-namespace", default="", help="of its jobs, as dbt-ol was told it")
        parser.add_argument("--as", dest="username", help="with this person's rights, not the portal's own")
        parser.add_argument("--json", action="store_true", help="print one object")

    def handle(self, *args: Any, **options: Any) -> None:
        files = self._files(Path(options["folder"]))
        try:
            job = request_import(
                actor=self._actor(options["username"]),
                files=[(file.name, _pieces(file)) for file in files],
                team=options["team"],
                connection=options["connection"],
                namespace=options["namespace"],
                job_namespace=options["job_namespace"],
            )
        except PortalError as error:
            told = [f"  {problem.path}: {problem.message}" for problem in error.problems[:_SHOWN]]
            self._give_up("\n".join([str(error), *told]))
        except OSError as error:
            self._give_up(f"{error.filename} cannot be read: {error.strerror}.")
        run_import(import_id=job.pk)
        job.refresh_from_db()
        self._show(job, as_json=options["json"])

    def _files(self, folder: Path) -> list[Path]:
        if folder.is_file():
            return [folder]
        found = [
            path
            for name in NAMES
            for path in (folder / f"{name}.json", folder / f"{name}.json.gz")
            if path.is_file()
        ]
        return found or self._give_up(f"There is no manifest.json in {folder}.")

    def _actor(self, username: str | None) -> User | None:
        if not username:
            return None
        person: User | None = User.objects.active().filter(username__iexact=username).first()
        return person or self._give_up(f"There is no active person named {username}.")

    def _show(self, job: DbtImport, *, as_json: bool) -> None:
        if as_json:
            said = {"id": job.pk, "status": job.status, "counts": job.counts, "problems": job.problems}
            self.stdout.write(
                json.dumps(said | {"error": job.error, "remedy": job.remedy}, ensure_ascii=False)
            )
        if not job.is_finished:
            if not as_json:
                self.stdout.write("A worker does it already; its page shows how far it is.")
            return
        told = [f"  {problem.get('path')}: {problem.get('message')}" for problem in job.problems[:_SHOWN]]
        if job.status == DbtImport.Status.FAILED:
            self._give_up("\n".join([job.error, job.remedy, *told]))
        if as_json:
            return
        counts = {
            "made": 0,
            "changed": 0,
            "same": 0,
            "removed": 0,
            "edges": 0,
            "columns": 0,
            "results": 0,
            **job.counts,
        }
        self.stdout.write(
            "{project}: {made} made, {changed} changed, {same} the same, {removed} removed; {edges} edges, {columns} "
            "links of columns, {results} results".format(project=job.project, **counts)
        )
        for line in told:
            self.stdout.write(line)

    def _give_up(self, message: str) -> NoReturn:
        raise CommandError(message, returncode=FAILED)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece
