"""Writing one entry of an incident's timeline, with its audit event and its signal; the only place that does."""

import datetime as dt
from functools import partial

from django.db import transaction

from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.services import PORTAL
from catalog.incidents.models import Incident, IncidentEvent
from catalog.incidents.signals import incident_changed, incident_opened
from catalog.incidents.transitions import Happening

LONGEST = 5_000  # characters of a comment or note

#: what the product's activity tells; the rest stands on the timeline alone
_AUDITED = frozenset(Happening) - {Happening.COMMENTED, Happening.RECURRED, Happening.ENDED}
_OPENINGS = frozenset({Happening.OPENED, Happening.REOPENED})


def tell(
    incident: Incident, happening: Happening, *, actor: User | None, now: dt.datetime, text: str = ""
) -> IncidentEvent:
    """Append an entry; call inside the transaction of the change. Actor None is the portal itself."""
    event = IncidentEvent.objects.create(
        incident=incident,
        at=now,
        kind=happening.value,
        actor=actor,
        actor_name=str(actor) if actor else PORTAL,
        text=text,
    )
    if happening in _AUDITED:
        audit.record(
            actor=actor, verb=f"incident.{happening.value}", obj=incident, product_id=incident.product_id
        )
    if happening in _OPENINGS:
        announce = partial(incident_opened.send_robust, sender=Incident, incident=incident)
    else:
        announce = partial(incident_changed.send_robust, sender=Incident, incident=incident, event=event)
    transaction.on_commit(announce)
    return event
