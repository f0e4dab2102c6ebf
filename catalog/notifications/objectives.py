"""Objectives that turn, as notices: missed, burning, kept again. Told to owners and consumers alike, at once."""

import datetime as dt
from collections.abc import Sequence

from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft
from catalog.slos.evaluate import Alert, Status
from catalog.slos.evaluating import Turn
from catalog.slos.models import ServiceLevelObjective

QUIET = dt.timedelta(hours=6)  # the same is not said of the same objective again within this time
YOUNG = dt.timedelta(minutes=10)  # who has just promised it sees how it stands

MISSED, PAGE, TICKET, KEPT = "missed", "page", "ticket", "kept"
WORDS = {
    MISSED: (
        "{slo} of {port} is missed",
        "More measurements failed in its window than the objective allows.",
    ),
    PAGE: (
        "{slo} of {port} burns its error budget fast",
        "At this pace the budget is spent long before its time.",
    ),
    TICKET: ("{slo} of {port} burns its error budget", "At this pace the budget does not last."),
    KEPT: ("{slo} of {port} is kept again", "It was missed before."),
}


def drafts_of(turns: Sequence[Turn], at: dt.datetime) -> list[Draft]:
    """What is worth telling of these turns; two queries, none where nothing is."""
    happened = {turn.slo_id: what for turn in turns if (what := what_happened(turn))}
    if not happened:
        return []
    slos = list(
        ServiceLevelObjective.objects.filter(pk__in=happened, created_at__lte=at - YOUNG)
        .select_related("port__product")
        .order_by("pk")
    )
    said = _said_lately(slos, at)
    return [
        draft_of(slo, happened[slo.pk], at) for slo in slos if f"slo:{slo.pk}:{happened[slo.pk]}" not in said
    ]


def what_happened(turn: Turn) -> str:
    """The one word for a turn, the worst first; nothing where it only becomes calmer, or unknown."""
    if turn.status == Status.BAD and turn.status_before != Status.BAD:
        return MISSED
    if turn.alert == Alert.PAGE and turn.alert_before != Alert.PAGE:
        return PAGE
    if turn.alert == Alert.TICKET and turn.alert_before == Alert.NONE:
        return TICKET
    if turn.status_before == Status.BAD and turn.status in (Status.GOOD, Status.WARNING):
        return KEPT
    return ""


def _said_lately(slos: Sequence[ServiceLevelObjective], at: dt.datetime) -> set[str]:
    ports = {slo.port_id for slo in slos}
    lately = Notice.objects.filter(
        port__in=ports, kind=Kind.SLO, created_at__gt=at - QUIET, created_at__lte=at
    )
    keys = lately.values_list("key", flat=True)
    return {key.rpartition(":")[0] for key in keys}


def draft_of(slo: ServiceLevelObjective, what: str, at: dt.datetime) -> Draft:
    """The notice that `what` (a key of WORDS) happened to the objective, which needs port and product loaded."""
    title, sentence = WORDS[what]
    product = slo.port.product
    return Draft(
        f"slo:{slo.pk}:{what}:{at:%Y%m%dT%H%M%S}",
        Kind.SLO,
        f"{product.name}: {title.format(slo=slo.name, port=slo.port)}",
        sentence,
        slo.get_absolute_url(),
        about={"product": product.pk, "port": slo.port_id},
    )
