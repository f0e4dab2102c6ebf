"""Which bounds each kind of objective has, in which unit, and how its values are said."""

from dataclasses import dataclass

from catalog.common.errors import Problem
from catalog.slos.models import ServiceLevelObjective

Kind = ServiceLevelObjective.Kind


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds a kind takes; `needs_one`: without any there is nothing to judge by. `most`: of any value."""

    at_least: bool = False
    at_most: bool = False
    needs_one: bool = True
    unit: str = ""
    most: float | None = None


BOUNDS: dict[str, Bounds] = {
    Kind.FRESHNESS: Bounds(at_most=True, unit="s"),
    Kind.AVAILABILITY: Bounds(needs_one=False),
    Kind.COMPLETENESS: Bounds(at_least=True, unit="share", most=1),
    Kind.VOLUME: Bounds(at_least=True, at_most=True, unit="rows"),
    Kind.LATENCY: Bounds(at_most=True, unit="ms"),
    Kind.QUALITY: Bounds(at_least=True, unit="points", most=100),
    Kind.SCHEMA_STABILITY: Bounds(needs_one=False),
    Kind.CUSTOM: Bounds(at_least=True, at_most=True, needs_one=False),
}


def with_bounds(slo: ServiceLevelObjective) -> None:
    """Drop what its kind has no use for, so that nothing meaningless is kept."""
    bounds = BOUNDS.get(slo.kind)
    if bounds is None:
        return
    slo.at_least = slo.at_least if bounds.at_least else None
    slo.at_most = slo.at_most if bounds.at_most else None
    slo.unit = slo.unit if slo.kind == Kind.CUSTOM else ""
    slo.element = slo.element if slo.kind == Kind.COMPLETENESS else ""
    slo.expected_every = slo.expected_every if slo.kind == Kind.CUSTOM else None


def problems_of_bounds(slo: ServiceLevelObjective) -> list[Problem]:
    """What is wrong with the bounds for this kind; paths are form fields."""
    bounds = BOUNDS[slo.kind]
    given = [
        (name, value)
        for name, value in (("at_least", slo.at_least), ("at_most", slo.at_most))
        if value is not None
    ]
    name = "at_most" if bounds.at_most else "at_least"
    if bounds.needs_one and not given:
        return [Problem(name, "required", "Say from which value on it is good.")]
    found = [
        Problem(name, "range", "Use a number of 0 or more.") for name, value in given if not 0 <= value < 1e18
    ]
    if slo.kind == Kind.CUSTOM:
        found = [
            Problem(name, "range", "Use a smaller number.")
            for name, value in given
            if not -1e18 < value < 1e18
        ]
    if bounds.most is not None:
        found += [
            Problem(name, "range", f"It is {bounds.most:g} at most.")
            for name, value in given
            if value > bounds.most
        ]
    if slo.at_least is not None and slo.at_most is not None and slo.at_least > slo.at_most:
        found.append(Problem("at_most", "order", "The upper bound is below the lower one."))
    if slo.expected_every is not None and slo.expected_every.total_seconds() < 60:
        found.append(Problem("expected_every", "range", "Use a minute or more."))
    return found


def said(slo: ServiceLevelObjective, value: float) -> str:
    """A value of this objective in words: `3.5 h`, `98 %`, `1,200 rows`."""
    unit = BOUNDS[slo.kind].unit or slo.unit
    if unit == "s" and slo.kind == Kind.FRESHNESS:
        return span(value)
    if unit == "share":
        return f"{value:.2%}".replace(".00%", "%").replace("%", " %")
    number = f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"
    return f"{number} {unit}".strip()


def span(seconds: float) -> str:
    """A time in its largest fitting unit: `90 s`, `2.5 h`, `3 days`."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size * (2 if unit == "days" else 1):
            return f"{seconds / size:,.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:,.0f} s"


def promise(slo: ServiceLevelObjective) -> str:
    """What is promised of each measurement, in words."""
    lower, upper = slo.at_least, slo.at_most
    low, high = said(slo, lower) if lower is not None else "", said(slo, upper) if upper is not None else ""
    element = f"{slo.element} is" if slo.element else "required fields are"
    words = {
        Kind.FRESHNESS: f"data at most {high} old",
        Kind.AVAILABILITY: "can be reached",
        Kind.COMPLETENESS: f"{element} filled in at least {low} of the rows",
        Kind.LATENCY: f"answers within {high}",
        Kind.QUALITY: f"quality score of {low.replace(' points', '')} or more",
        Kind.SCHEMA_STABILITY: "no declared field missing or of another type",
    }
    if slo.kind in words:
        return words[Kind(slo.kind)]
    if low and high:
        return f"from {low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else "as judged by who measures"
