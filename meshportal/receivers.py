"""What the assembly does when features announce something about the portal itself."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.dispatch import receiver

from catalog.search.signals import index_mended
from meshportal import journal


@receiver(index_mended, dispatch_uid="meshportal.index_mended")
def note_mended_index(sentence: str, **_: Any) -> None:
    """For the operations page."""
    journal.note(Path(settings.DATA_DIR), "search", sentence)
