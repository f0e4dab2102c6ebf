"""What accounts announces. `person_deactivated` is sent inside the transaction: what must end with the person ends
with them or the whole deactivation does not happen."""

from django.dispatch import Signal

person_deactivated = Signal()  # person_id, at
