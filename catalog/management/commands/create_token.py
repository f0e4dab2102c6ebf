"""`create_token USER`: an API token on standard output, alone, for scripts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts import services
from catalog.accounts.models import ApiToken, User
from catalog.accounts.services.tokens import DEFAULT_DAYS, MAXIMUM_DAYS
from catalog.common.errors import PortalError


class Command(BaseCommand):
    help = "Make an API token for a person and print it, alone, on standard output. It is not shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="username of the person the token acts as")
        parser.add_argument("--name", default="made on the command line", help="what it is for")
        parser.add_argument("--days", type=int, default=DEFAULT_DAYS, help=f"1 to {MAXIMUM_DAYS}")
        parser.add_argument(
            "--scope",
            action="append",
            choices=ApiToken.Scope.values,
            help="read, write (includes read) or metrics (only /metrics, for platform admins); write when not given",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = User.objects.get_by_natural_key(options["user"])
        except User.DoesNotExist:
            raise CommandError(f"There is nobody called {options['user']}.") from None
        try:
            _, secret = services.create_token(
                actor=None,
                person=person,
                name=options["name"],
                days=options["days"],
                scopes=options["scope"] or [ApiToken.Scope.WRITE],
            )
        except PortalError as error:
            raise CommandError(" ".join([str(error), *(item.message for item in error.problems)])) from error
        self.stdout.write(secret)
