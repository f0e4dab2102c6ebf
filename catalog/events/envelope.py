"""Events as CloudEvents 1.0 in JSON (github.com/cloudevents/spec, `cloudevents/formats/json-format.md`)."""

from typing import Any

from django.conf import settings

from catalog.audit.models import OutboxEvent

MEDIA_TYPE = "application/cloudevents+json"


def of(event: OutboxEvent) -> dict[str, Any]:
    """The envelope; `position` is an extension attribute: its place in the feed, as text (64 bits)."""
    return {
        "specversion": "1.0",
        "id": str(event.event_id),
        "source": settings.PUBLIC_URL or "/",
        "type": event.type,
        "subject": event.subject,
        "time": event.at.isoformat(),
        "datacontenttype": "application/json",
        "position": str(event.position),
        "data": event.data,
    }
