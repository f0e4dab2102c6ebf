"""Giving positions in the order of commits: one writer at a time, whoever it is.

The numbers a database hands out by itself (identity columns, sequences) are taken before the commit: of two
transactions the one that began first may be seen last, and a reader whose cursor has passed its number never meets it.
So rows are written without a position, and get one afterwards, when they can be seen by all, from a writer that holds
the lock on the row of the numbering. What commits late gets a late position. There is no gap, and none comes later.
"""

from django.db import IntegrityError, transaction

from catalog.audit.models import Numbering


def locked(name: str) -> Numbering:
    """The numbering, locked until the transaction ends; call inside of one."""
    rows = Numbering.objects.select_for_update()
    found: Numbering | None = rows.filter(pk=name).first()
    if found is None:
        try:
            with transaction.atomic():
                Numbering.objects.create(name=name)
        except IntegrityError:
            pass  # another was faster; it has the same row
        found = rows.get(pk=name)
    return found


def reached(name: str) -> int:
    """The position given last; 0 where none was."""
    return int(Numbering.objects.filter(pk=name).values_list("position", flat=True).first() or 0)
