"""What incidents announce, after the transaction of the change is kept."""

from django.dispatch import Signal

incident_opened = Signal()  # incident: new, or open again after it was resolved
incident_changed = Signal()  # incident, event: everything on the timeline but the opening itself
