"""`crawl_apart RUN CLAIM`: one claimed crawl in this process; workers start it for sources they do not trust."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog.crawling import apart, runner


class Command(BaseCommand):
    help = "Do one crawl a worker has claimed, with a limit of memory. For workers, not for people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int)
        parser.add_argument("claim")

    def handle(self, *_: Any, **options: Any) -> None:
        apart.limit_memory()
        runner.execute(options["run"], options["claim"], asked=apart.leave_room)
