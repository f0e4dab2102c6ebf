"""A worker that needs more memory than it may ends itself: better one part of the portal for a second than the host.

Nothing is lost: jobs are rows, found by the worker that is started next; what was crawled is crawled again in
processes of their own (`catalog.crawling.apart`).
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from meshportal import journal

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
STATUS = 70  # what the process ends with; sysexits.h calls it a fault of the software
STATM = Path("/proc/self/statm")
PAGE = os.sysconf("SC_PAGE_SIZE")


def used_mebibytes() -> int:
    """Memory this process holds now."""
    return int(STATM.read_text().split()[1]) * PAGE // (1024 * 1024)


def watch(most: int, data: Path, end: Callable[[int], None] = os._exit) -> threading.Thread | None:
    """Look twice a second; None where nothing limits it, or the system does not tell."""
    if not most or not STATM.exists():
        return None

    def look() -> None:
        while (used := used_mebibytes()) <= most:
            time.sleep(LOOK_SECONDS)
        sentence = f"The worker held {used:,} MB, more than its {most:,} MB, and ended itself. Its work is done again."
        log.error(sentence)
        journal.note(data, "worker", sentence)
        end(STATUS)

    thread = threading.Thread(target=look, name="memory", daemon=True)
    thread.start()
    return thread
