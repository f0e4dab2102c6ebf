"""Every type of event there is, with what its data holds; `docs/events.md` is made of the same words (a test holds it).

Fields that are the same everywhere (`who`, `product`, `port`, `link`) are described once.
"""

from dataclasses import dataclass

SHARED = {
    "who": "name and number of the person; number null and the name `portal` where it did so by itself",
    "product": "number, key (`domain/slug`), name, domain, lifecycle and owning team",
    "port": "number, name, version and environment",
    "link": "address of the page about it",
    "changes": "field → `{before, after}`, in values people read",
}


@dataclass(frozen=True, slots=True)
class EventType:
    """A type: when it is told, and the members of its `data` beside the shared ones it uses."""

    name: str
    words: str
    shared: tuple[str, ...]
    fields: dict[str, str]


def _type(name: str, words: str, /, *shared: str, **fields: str) -> EventType:
    return EventType(name, words, ("who", "product", "link", *shared), fields)


_AGREEMENT = {
    "agreement": "number, mode, columns (empty: all), environment, starts_at, ends_at, provisioning, verified_at",
    "consumer": "kind (`person`, `team`, `product`), number, name",
}


def _access(name: str, words: str, /, **fields: str) -> EventType:
    return _type(name, words, "port", **_AGREEMENT, **fields)


_INCIDENT = {
    "incident": "number, title, summary, cause, severity, status, opened_at, resolved_at, assignee, consumers hit",
}
_SLO = {
    "slo": "number, name, kind, target, window, criticality, attainment and error budget left",
    "before": "status and alert before",
    "after": "status and alert now",
}

_ALL = (
    _type("product.created", "A product is there.", "changes"),
    _type("product.changed", "Its description was edited.", "changes"),
    _type("product.published", "It is offered, or offered again.", "changes"),
    _type("product.deprecated", "It will end.", "changes", sunset_at="the day, or null", note="why"),
    _type("product.retired", "It is offered no longer.", "changes", note="why"),
    _type("product.moved", "Its address or its domain is another.", "changes", key="its key from now on"),
    _type("product.deleted", "It is gone; told to those who see everything.", "changes", key="its key until then"),
    _type("product.owners_changed", "Other people or another team are in charge.", "changes"),
    _type("port.created", "A port, or a new version of one.", "port", "changes",
          is_new_version="whether it had others"),
    _type("port.changed", "A port was edited, or got its end.", "port", "changes", sunset_at="the day, or null"),
    _type("port.deleted", "A port is gone.", "changes", name="its name and version"),
    _type(
        "schema.changed", "A crawl saw other columns or types than before.", "port",
        summary="what changed, in words", severity="`breaking`, `risky`, `compatible`, or empty",
    ),
    _type("contract.proposed", "A change is proposed.", contract="number and key", version="proposed",
          breaking="number of breaking changes", proposal="its number"),
    _type("contract.published", "A version is in force.", "changes", contract="number and key", version="in force",
          before="the version before", is_breaking="whether it breaks the one before",
          breaking="number of breaking changes",
          sunset_at="the end of the ports under the version before, or null"),
    _type("contract.withdrawn", "A proposal is withdrawn.", contract="number and key", version="that was proposed",
          proposal="its number"),
    _type("incident.opened", "Something is wrong, or again.", "port", **_INCIDENT,
          is_again="whether it was resolved before"),
    _type("incident.changed", "Acknowledged, assigned, rated or noted.", "port", **_INCIDENT, what="which of these"),
    _type("incident.resolved", "It is over.", "port", **_INCIDENT, by_portal="whether the cause ended by itself"),
    _type("slo.breached", "An objective is missed.", "port", **_SLO),
    _type("slo.burning", "Its error budget does not last at this pace.", "port", **_SLO, alert="`page` or `ticket`"),
    _type("slo.recovered", "It was missed and is kept again.", "port", **_SLO),
    _access("access.requested", "Somebody asks for access.", request="number, kind, purpose, rule of approval"),
    _access("access.stage_approved", "One of those who decide agreed.", request="number", stage="its name",
            note="what they said"),
    _access("access.decided", "The request is decided or withdrawn.", request="number",
            decision="`approved`, `denied` or `withdrawn`", note="why it was denied", by="under which rule"),
    _access("access.granted", "It is there, seen in the store.", note="what was seen"),
    _access("access.granting_failed", "It could not be granted, or is no longer there.", note="why"),
    _access("access.granting_late", "Agreed two hours ago and still not in the store; told once.",
            note="what was seen last", since="not there since"),
    _access("access.ending", "Its end is near.", days="within so many days: 30, 14 or 3"),
    _access("access.revoked", "Its owners end it.", reason="why", changes="the end before and after"),
    _access("access.released", "Its consumer gives it back.", changes="the end before and after"),
    _access("access.ended", "Its end has come.", reason="`expired`, `revoked` or `released`"),
    _access("access.removed", "It is gone from the store, seen.", note="what was seen"),
)  # fmt: skip
TYPES: dict[str, EventType] = {item.name: item for item in _ALL}
