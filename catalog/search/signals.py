"""What search announces."""

from django.dispatch import Signal

index_mended = (
    Signal()
)  # sentence: str; the index was damaged or did not say what the database says, and is mended
