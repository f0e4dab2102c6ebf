"""`claim_search_index`: the portal was moved or restored here; from now on this data folder keeps its search index."""

from typing import Any

from django.core.management.base import BaseCommand

from catalog.search import ownership


class Command(BaseCommand):
    help = (
        "Make this data folder the owner of the embedded search index, after the portal was moved or restored here. "
        "Hosts with other data folders are then refused at their start."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        before = ownership.claim_index()
        self.stdout.write(
            f"It was kept by {before}; stop the portal there." if before else "It was nobody else's."
        )
        self.stdout.write(
            "This data folder keeps the search index now. Start the portal; the worker builds it."
        )
