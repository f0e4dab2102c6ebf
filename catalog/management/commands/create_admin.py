"""`create_admin`: the first platform administrator, with a random password printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.accounts import services
from catalog.common.errors import Conflict, PortalError


class Command(BaseCommand):
    help = "Make the first platform administrator; prints the random password, alone, on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", default="admin")
        parser.add_argument(
            "--if-none", action="store_true", help="say and do nothing when there is an administrator already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person, password = services.create_first_admin(username=options["username"])
        except Conflict as error:
            if options["if_none"]:
                return
            raise CommandError(str(error)) from error
        except PortalError as error:
            raise CommandError(" ".join([str(error), *(item.message for item in error.problems)])) from error
        self.stderr.write(f"Administrator {person.username}; the password is shown this once:")
        self.stdout.write(password)
