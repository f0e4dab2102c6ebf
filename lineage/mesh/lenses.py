"""Lenses: what the fill and the mark of a product on the map say. Each state has a word, a shape and a colour.

States are judged by the database, so that areas are counted by GROUP BY and single products by the same expression.
Quality and freshness say what the marks of the trust strip say (a test compares them over many measurements).
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.accounts.models import Team
from catalog.domains.models import HUES
from catalog.products.models import DataProduct
from catalog.trust.health import FRESH_UNTIL, GOOD_ABOVE, POOR_BELOW
from catalog.vocabulary.models import Classification

LENSES = {
    "domain": "Domain",
    "quality": "Quality",
    "freshness": "Freshness",
    "contract": "Contract",
    "slo": "SLO",
    "certification": "Certification",
    "owner": "Owner team",
    "lifecycle": "Lifecycle",
}
LABELS = {
    **LENSES,
    "classification": "Classification",
}  # members' words: not on the map, which guests see too
UNOWNED = "unowned"


@dataclass(frozen=True, slots=True)
class State:
    """One value of a lens: `shape` (full, half, cross, hollow, dashed) and `tone` (a class of colour) draw it."""

    key: str
    word: str
    shape: str
    tone: str
    letters: str = ""  # initials, where colours alone would have to tell many values apart


_MEANINGS = {"good": "full", "warning": "half", "bad": "cross", "unknown": "hollow"}


def _states(words: dict[str, str]) -> dict[str, State]:
    return {key: State(key, word, _MEANINGS[key], f"is-{key}") for key, word in words.items()}


FIXED: dict[str, dict[str, State]] = {
    "domain": {"plain": State("plain", "product", "full", "is-plain")},
    "quality": _states(
        {"good": "85 or more", "warning": "60 to 84", "bad": "below 60", "unknown": "not measured"}
    ),
    "freshness": _states(
        {"good": "in time", "warning": "to be measured", "bad": "late or unreachable", "unknown": "not known"}
    ),
    "contract": _states({"good": "kept", "bad": "broken", "unknown": "not known"}),
    "slo": _states({"good": "kept", "warning": "at risk", "bad": "missed", "unknown": "not known"}),
    "certification": _states({"good": "certified", "unknown": "not certified"}),
    "lifecycle": {
        "active": State("active", "active", "full", "is-good"),
        "proposed": State("proposed", "proposed", "hollow", "is-plain"),
        "draft": State("draft", "draft", "dashed", "is-unknown"),
        "deprecated": State("deprecated", "deprecated", "half", "is-warning"),
        "retired": State("retired", "retired", "cross", "is-bad"),
    },
}


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens ready to look through: `expression` gives a product's state as text, `states` what each means."""

    key: str
    expression: Combinable
    states: dict[str, State]

    @property
    def label(self) -> str:
        return LABELS[self.key]

    def through(self, products: "QuerySet[DataProduct]") -> "QuerySet[Any, Any]":
        """`products` with the lens's `state` of each."""
        helpers: dict[str, Any] = {"fresh_until": FRESH_UNTIL} if self.key == "freshness" else {}
        return products.annotate(**helpers).annotate(state=self.expression)

    def state(self, key: str) -> State:
        """A team may appear between two queries: what is not known yet is drawn plainly."""
        return self.states.get(key) or State(key, key, "full", "is-plain")


def lens_named(key: str) -> Lens:
    """The lens called `key`, one of LABELS; that of owners asks for the teams that own products, once."""
    if key == "owner":
        return Lens(key, _owner(), _owners())
    if key == "classification":
        return Lens(key, _classification(), _classifications())
    expressions = {
        **_JUDGED,
        "quality": _quality,
        "freshness": _freshness,
        "lifecycle": _lifecycle,
        "domain": _plain,
    }
    return Lens(key, expressions[key](), FIXED[key])


def _plain() -> Combinable:
    return Value("plain", output_field=CharField())


def _lifecycle() -> Combinable:
    return F("lifecycle")


def _owner() -> Combinable:
    return Coalesce(F("team__slug"), Value(UNOWNED), output_field=CharField())


def _owners() -> dict[str, State]:
    """A hue for each team by its place among all that own something: it stays while no such team comes or goes."""
    teams = (
        Team.objects.filter(products__isnull=False).distinct().order_by("path").only("slug", "name", "path")
    )
    taken: set[str] = set()
    states: dict[str, State] = {}
    for place, team in enumerate(teams):
        letters = _letters(team.name, taken)
        taken.add(letters)
        states[team.slug] = State(team.slug, team.name, "full", f"hue-{place % HUES}", letters)
    return {**states, UNOWNED: State(UNOWNED, "no team", "cross", "is-bad", "?")}


def _letters(name: str, taken: set[str]) -> str:
    """Two letters for a team, not those of another if it can be: initials, else its first letter and a later one."""
    words = [word for word in name.replace("-", " ").split() if word.casefold() != "team"] or [name]
    initials = [(words[0][0] + words[1][0]).upper()] if len(words) > 1 else []
    pairs = initials + [words[0][0].upper() + later.lower() for later in words[0][1:] if later.isalnum()]
    return next((pair for pair in pairs if pair not in taken), pairs[0] if pairs else name[:2])


def _current() -> Q:
    """Measured, and lately enough to be relied on."""
    return Q(trust__measured_at__isnull=False, trust__valid_until__gte=timezone.now())


def _read() -> Q:
    """Measured at a crawl that could read it; nothing known of reachability counts as read."""
    return Q(trust__is_reachable__isnull=True) | Q(trust__is_reachable=True)


def _case(*whens: When) -> Case:
    return Case(*whens, default=Value("unknown"), output_field=CharField())


def _contract() -> Combinable:
    known = _current()
    return _case(
        When(known & Q(trust__contract_status="drifted"), then=Value("bad")),
        When(known & Q(trust__contract_status="kept"), then=Value("good")),
    )


def _slo() -> Combinable:
    """The worst of its objectives; outdated when one was not measured lately."""
    known = Q(trust__slo_valid_until__gte=timezone.now())
    return _case(
        *(
            When(known & Q(trust__slo_status=status), then=Value(status))
            for status in ("good", "warning", "bad")
        )
    )


def _certification() -> Combinable:
    return _case(When(trust__certified_until__gt=timezone.now(), then=Value("good")))


_JUDGED = {"contract": _contract, "slo": _slo, "certification": _certification}
UNCLASSIFIED = "unclassified"


def _classification() -> Combinable:
    return Coalesce(F("classification__slug"), Value(UNCLASSIFIED), output_field=CharField())


def _classifications() -> dict[str, State]:
    """A hue and letters for each classification, in the order in which they are kept."""
    taken: set[str] = set()
    states: dict[str, State] = {}
    for place, (slug, name) in enumerate(Classification.objects.values_list("slug", "name")):
        letters = _letters(name, taken)
        taken.add(letters)
        states[slug] = State(slug, name, "full", f"hue-{place % HUES}", letters)
    return {**states, UNCLASSIFIED: State(UNCLASSIFIED, "not classified", "hollow", "is-unknown", "")}


def _quality() -> Combinable:
    known = _current() & _read() & Q(trust__quality__isnull=False)
    return _case(
        When(known & Q(trust__quality__lt=POOR_BELOW), then=Value("bad")),
        When(known & Q(trust__quality__lte=GOOD_ABOVE), then=Value("warning")),
        When(known, then=Value("good")),
    )


def _freshness() -> Combinable:
    """As `catalog.trust.marks`: unreachable is bad, late when measured is bad, late since then is to be measured."""
    unread = _current() & Q(trust__is_reachable=False)
    known = _current() & _read() & Q(trust__fresh_at__isnull=False, trust__freshness_promise__isnull=False)
    return _case(
        When(unread, then=Value("bad")),
        When(known & Q(fresh_until__lt=F("trust__measured_at")), then=Value("bad")),
        When(known & Q(fresh_until__lt=timezone.now()), then=Value("warning")),
        When(known, then=Value("good")),
    )
