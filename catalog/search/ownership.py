"""Which data folder owns the embedded index: Whoosh's files can be seen by one host alone.

The data folder carries an id, the database the id of the folder whose files are searched. A second host on the same
database with a folder of its own would search an index that nobody fills: it is refused at its start. A folder that is
moved takes its id along; a database restored elsewhere, or a new folder, is claimed by one command.
"""

import socket

from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.search.models import SearchState


class HeldElsewhere(Exception):
    """Another data folder owns the embedded index; the message says which, and what to do."""


def require_own_index() -> None:
    """Take the embedded index for this data folder when nobody has it yet. Raises HeldElsewhere when another has it.

    Nothing is asked where several hosts are no danger: with another backend, or on SQLite, which is one host's.
    """
    if settings.SEARCH_BACKEND != "whoosh" or connection.vendor == "sqlite":
        return
    SearchState.objects.get_or_create(pk=1)
    SearchState.objects.filter(pk=1, index_home="").update(**_this_folder())
    state = SearchState.objects.get(pk=1)
    if state.index_home == settings.INSTALLATION_ID:
        return
    raise HeldElsewhere(
        f"This portal's search index is kept by {state.index_home_label}, since "
        f"{state.index_home_at:%Y-%m-%d %H:%M} UTC, and the embedded index serves one host only. "
        "To run several hosts set MESHPORTAL_SEARCH_BACKEND=postgres on each of them. "
        "If the portal was moved here, stop it there and run `./mesh manage claim_search_index` once."
    )


def claim_index() -> str:
    """Make this data folder the owner of the embedded index, whoever had it; says who that was, "" for nobody."""
    state, _ = SearchState.objects.get_or_create(pk=1)
    before = "" if state.index_home in ("", settings.INSTALLATION_ID) else state.index_home_label
    SearchState.objects.filter(pk=1).update(**_this_folder())
    return before


def _this_folder() -> dict[str, object]:
    label = f"the host {socket.gethostname()} in {settings.DATA_DIR}"
    return {
        "index_home": settings.INSTALLATION_ID,
        "index_home_label": label[:300],
        "index_home_at": timezone.now(),
    }
