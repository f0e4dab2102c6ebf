"""`permission_table`: who may do what, as Markdown."""

from typing import Any

from django.core.management.base import BaseCommand

from catalog.accounts import rights


class Command(BaseCommand):
    help = "Print the table of rights (docs/permissions.md), computed from the rules themselves."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(rights.as_markdown(), ending="")
