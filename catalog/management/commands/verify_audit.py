"""Verify the chain of the audit trail: whole, or which event was altered, taken out or put in."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.audit import chain
from catalog.audit.models import AuditEvent


class Command(BaseCommand):
    help = "Verify the chain of the audit trail. Exits with 1 and names the first event that is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect",
            metavar="POSITION:DIGEST",
            help="what an earlier run ended with: the event at this position must still have this digest",
        )

    def handle(self, *, expect: str | None = None, **_: Any) -> None:
        chain.seal_waiting()
        found = chain.verify()
        if found.broken:
            number = f"Event {found.broken_id}: " if found.broken_id is not None else ""
            raise CommandError(f"{number}{found.broken} {found.checked} events before it are as they were.")
        if expect:
            _compare(expect, found)
        if found.begins_after:
            self.stdout.write(f"The retention rule deleted the events up to position {found.begins_after}.")
        if found.unsealed:
            self.stdout.write(f"{found.unsealed} events were written while this ran; they are sealed next.")
        self.stdout.write(f"The chain is whole: {found.checked} events.")
        self.stdout.write(f"{found.position}:{found.digest}")


def _compare(expect: str, found: chain.Verdict) -> None:
    position, _, digest = expect.strip().partition(":")
    if not (position.isascii() and position.isdigit() and len(position) < 19 and len(digest) == 64):
        raise CommandError("Write --expect as POSITION:DIGEST, as this command prints it.", returncode=2)
    if int(position) <= found.begins_after:
        raise CommandError(
            f"Nothing can be said of position {position}: the retention rule deleted up to {found.begins_after}.",
            returncode=2,
        )
    row = AuditEvent.objects.filter(position=int(position)).values_list("digest", flat=True).first()
    if row != digest.lower():
        raise CommandError(
            f"At position {position} stands another digest: the chain was made anew, or cut off."
        )
