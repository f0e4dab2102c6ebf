"""What makes a host unfit to run a part of the portal; asked at the start of every process that lasts."""

import logging
import sys

from django.db import DatabaseError

from catalog.search.backends import get_backend
from catalog.search.ownership import HeldElsewhere, require_own_index

log = logging.getLogger(__name__)


class UnfitHost(Exception):
    """This host must not take part as it is set; the message says why, and what to do."""


def require_fit_host() -> None:
    """Raises UnfitHost when the search backend does not go with the database, or its index is another host's."""
    try:
        get_backend()
        require_own_index()
    except (HeldElsewhere, ValueError) as error:
        raise UnfitHost(str(error)) from error


def end_on_unfit_host() -> None:
    """End this process with the sentence. A database that is away, or not migrated yet, is no reason: it may come."""
    try:
        require_fit_host()
    except DatabaseError as error:
        log.warning("Whether this host may take part could not be asked: %s", error)
    except UnfitHost as error:
        sys.exit(f"The portal does not start here. {error}")
