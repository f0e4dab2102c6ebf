"""What the vocabulary announces. Sent inside the transaction of the change."""

from django.dispatch import Signal

tag_changed = Signal()  # tag
classification_changed = Signal()  # classification
