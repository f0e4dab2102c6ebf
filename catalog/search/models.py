"""What is known of the index itself; the index is no table."""

from django.db import models


class SearchState(models.Model):
    """One row: when the index was last written and compared, and what was found. Read by pages, never by searches."""

    drained_at = models.DateTimeField(null=True, blank=True)  # marks were written into the index
    rebuilt_at = models.DateTimeField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)  # the drift meter ran
    missing = models.PositiveIntegerField(
        default=0
    )  # in the database, not in the index, at the last comparison
    outdated = models.PositiveIntegerField(default=0)  # in both, saying different things
    surplus = models.PositiveIntegerField(default=0)  # in the index only
    aged_until = models.DateTimeField(
        null=True, blank=True
    )  # measurements that ran out before this are marked
    # The data folder whose files hold the embedded index: its id, where it is in words, since when (ownership.py).
    index_home = models.CharField(max_length=40, blank=True)
    index_home_label = models.CharField(max_length=300, blank=True)
    index_home_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)  # what went wrong at the last attempt to write; "" when nothing

    def __str__(self) -> str:
        return f"search index, compared {self.compared_at or 'never'}"

    @classmethod
    def read(cls) -> "SearchState":
        """The row, or a fresh one where none was written yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)
