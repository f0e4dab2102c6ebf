"""What the demo's people say of trouble: one incident of the past, reported and worked to its end.

The others are the portal's own: it finds them while the past is crawled.
"""

import datetime as dt
from contextlib import suppress

from catalog.accounts.models import User
from catalog.common.errors import PortalError
from catalog.demo.rows import DAY
from catalog.incidents.models import Incident
from catalog.incidents.services import (
    Report,
    acknowledge_incident,
    comment_on_incident,
    note_incident,
    report_incident,
    resolve_incident,
)
from catalog.products.models import DataProduct

HOUR = dt.timedelta(hours=1)
BEGAN = 11 * DAY  # before the demo was made
TITLE = "Plays of the night are counted twice"


def discuss(made_at: dt.datetime, until: dt.datetime) -> Incident | None:
    """Let it happen once the past has come so far; None while it has not, or when it happened already."""
    began = made_at - BEGAN
    product = DataProduct.objects.filter(slug="play-events", is_demo=True).select_related("domain").first()
    if until < began + 2 * DAY or product is None or Incident.objects.filter(title=TITLE).exists():
        return None
    people = {person.username: person for person in User.objects.filter(username__in=("owner", "consumer"))}
    owner, consumer = people.get("owner"), people.get("consumer")
    with suppress(PortalError):  # somebody changed the demo meanwhile: their word counts
        return _happened(product, owner, consumer, began)
    return None


def _happened(
    product: DataProduct, owner: User | None, consumer: User | None, began: dt.datetime
) -> Incident:
    report = Report(TITLE, "Our figures of last night are about twice those of any night before.", "high")
    incident = report_incident(actor=consumer, product=product, report=report, now=began)
    acknowledge_incident(actor=owner, incident=incident, text="We are looking.", now=began + HOUR / 2)
    found = "The loader ran twice after a restart. The second run is being taken back."
    comment_on_incident(actor=owner, incident=incident, text=found, now=began + 2 * HOUR)
    resolve_incident(actor=owner, incident=incident, text="Every play is there once.", now=began + 26 * HOUR)
    learned = (
        "What happened: after a restart the loader did not know that it had run, and ran again.\n\n"
        "What we changed: it notes each night before it begins, and a check counts plays by their number."
    )
    note_incident(actor=owner, incident=incident, text=learned, now=began + 48 * HOUR)
    return incident
