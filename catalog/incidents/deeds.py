"""Acting on an incident by the name of the happening, as the page's buttons and the API send it."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog.accounts.models import User
from catalog.common.errors import Invalid, Problem
from catalog.incidents import services
from catalog.incidents.models import Incident, IncidentEvent
from catalog.incidents.transitions import Happening

#: what people may do; the rest of the timeline is the portal's
DEEDS = (
    Happening.ACKNOWLEDGED,
    Happening.ASSIGNED,
    Happening.COMMENTED,
    Happening.RATED,
    Happening.RESOLVED,
    Happening.REOPENED,
    Happening.NOTED,
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What was sent. `assignee` is a username, "" for nobody."""

    kind: str
    text: str = ""
    assignee: str = ""
    severity: str = ""


def perform(*, actor: User, incident: Incident, deed: Deed) -> IncidentEvent:
    """Do it. Raises what the service raises, and Invalid for a deed or a person that does not exist."""
    if deed.kind == Happening.ASSIGNED:
        assignee = _person(actor, deed.assignee)
        return services.assign_incident(actor=actor, incident=incident, assignee=assignee)
    if deed.kind == Happening.RATED:
        return services.rate_incident(actor=actor, incident=incident, severity=deed.severity, text=deed.text)
    services_of: dict[str, Callable[..., IncidentEvent]] = {
        Happening.ACKNOWLEDGED.value: services.acknowledge_incident,
        Happening.COMMENTED.value: services.comment_on_incident,
        Happening.RESOLVED.value: services.resolve_incident,
        Happening.REOPENED.value: services.reopen_incident,
        Happening.NOTED.value: services.note_incident,
    }
    service = services_of.get(deed.kind)
    if service is None:
        words = f"Use one of {', '.join(DEEDS)}."
        raise Invalid("There is no such deed.", remedy=words, problems=[Problem("kind", "choice", words)])
    return service(actor=actor, incident=incident, text=deed.text)


def _person(actor: User, username: str) -> User | None:
    """Somebody the actor may know of; those nobody may know of do not exist."""
    if not username:
        return None
    found: User | None = User.objects.visible_to(actor).filter(username=username).first()
    if found is None:
        problem = Problem("assignee", "does_not_exist", "There is no such person, or you may not see them.")
        raise Invalid(problem.message, kept="Nothing was changed.", problems=[problem])
    return found
