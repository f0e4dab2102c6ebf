"""`crawl`: queue crawls from the command line, or run them here and wait."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.common.errors import PortalError
from catalog.connections.models import Connection
from catalog.crawling import runner, services
from catalog.crawling.models import CrawlRun


class Command(BaseCommand):
    """Exit status 0 when every crawl was queued (or, with --wait, succeeded), 1 otherwise."""

    help = "Crawl one connection or all; workers do it, or this command itself with --wait."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--connection", metavar="SLUG", action="append", help="may be given several times")
        which.add_argument("--all", action="store_true", help="every connection that is not paused")
        parser.add_argument("--wait", action="store_true", help="run here, in threads, and tell the outcome")
        parser.add_argument("--threads", type=int, default=8, help="with --wait: sources at a time (8)")

    def handle(self, *_: Any, **options: Any) -> None:
        runs = [self._ask(connection) for connection in self._connections(options)]
        asked = [run for run in runs if run is not None]
        if options["wait"] and asked:
            runner.run_batch([run.pk for run in asked], threads=max(options["threads"], 1))
        failed = len(runs) - len(asked)
        for run in CrawlRun.objects.filter(pk__in=[run.pk for run in asked]).select_related("connection"):
            failed += run.status in (CrawlRun.Status.FAILED, CrawlRun.Status.PARTIAL)
            words = f"{run.error} {run.remedy}".strip()
            self.stdout.write(
                f"{run.connection.slug}: {run.status} (run {run.pk}){f' {words}' if words else ''}"
            )
        if failed:
            raise CommandError(f"{failed} of {len(runs)} did not succeed.")

    def _connections(self, options: dict[str, Any]) -> list[Connection]:
        if options["all"]:
            return list(Connection.objects.filter(is_paused=False).order_by("pk"))
        found = {item.slug: item for item in Connection.objects.filter(slug__in=options["connection"])}
        if unknown := [slug for slug in options["connection"] if slug not in found]:
            raise CommandError(f"There is no connection called {', '.join(unknown)}.")
        return [found[slug] for slug in dict.fromkeys(options["connection"])]

    def _ask(self, connection: Connection) -> CrawlRun | None:
        try:
            return services.request_crawl(actor=None, connection=connection)
        except PortalError as error:
            self.stderr.write(f"{connection.slug}: {error}")
            return None
