"""From what was measured to an outcome with a sentence. Pure."""

from dataclasses import dataclass

from catalog.quality.outcomes import Outcome
from catalog.quality.parameters import Parameters, bound_of, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a crawl measured for a check; None where it does not apply.

    `value`: rows (row_count), the age of the newest data in seconds (freshness), the answer of an own query.
    `before`: rows counted the time before (row_count_change). `error`: why it could not be measured.
    """

    failed_rows: int | None = None
    total_rows: int | None = None
    value: float | None = None
    before: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """`value` is what was held against the bound."""

    outcome: Outcome
    message: str
    value: float | None = None


_FAILING = {
    "not_null": "empty",
    "unique": "doubled",
    "accepted_values": "not among the accepted values",
    "range": "out of range",
    "pattern": "not of the pattern",
    "referential": "without what they refer to",
}


def judge(kind: str, parameters: Parameters, figures: Figures) -> Judged:
    """Hold `figures` against the sound `parameters` of a check."""
    if figures.error:
        return Judged(Outcome.ERROR, figures.error)
    if kind in _FAILING:
        return _rows(kind, parameters, figures)
    if figures.value is None:
        return Judged(Outcome.UNKNOWN, "It was not measured.")
    if kind == "freshness":
        most = float(parameters["max_age_seconds"])
        kept = figures.value <= most
        text = f"The newest data was {span(figures.value)} old; at most {span(most)} is wanted."
        return Judged(_outcome(kept), text, figures.value)
    if kind == "row_count_change":
        return _change(parameters, figures.value, figures.before)
    bound = bound_of(parameters)
    noun = "Rows" if kind == "row_count" else "The query's answer"
    text = f"{noun}: {number(figures.value)}; wanted is {bound.words}."
    return Judged(_outcome(bound.holds(figures.value)), text, figures.value)


def _rows(kind: str, parameters: Parameters, figures: Figures) -> Judged:
    failed, total = figures.failed_rows, figures.total_rows
    if failed is None or total is None:
        return Judged(Outcome.UNKNOWN, "It was not measured.")
    bound = bound_of(parameters)
    value = float(failed)
    if bound.unit == "percent":
        value = 100 * failed / total if total else 0.0
    text = f"{failed:,} of {total:,} rows are {_FAILING[kind]}"
    if bound.unit == "percent":
        text += f" ({number(value)} %)"
    return Judged(_outcome(bound.holds(value)), f"{text}; wanted is {bound.words}.", value)


def _change(parameters: Parameters, rows: float, before: int | None) -> Judged:
    if before is None:
        return Judged(
            Outcome.UNKNOWN, "Rows were counted for the first time: there is nothing to compare with."
        )
    change = 100 * (rows - before) / before if before else 100.0 * bool(rows)
    least, most = parameters.get("at_least"), parameters.get("at_most")
    kept = (least is None or change >= least) and (most is None or change <= most)
    ends = [f"at least {number(least)} %"] if least is not None else []
    ends += [f"at most {number(most)} %"] if most is not None else []
    text = f"From {before:,} to {number(rows)} rows: {number(round(change, 2))} %; wanted is {' and '.join(ends)}."
    return Judged(_outcome(kept), text, change)


def _outcome(kept: bool) -> Outcome:
    return Outcome.PASSED if kept else Outcome.FAILED


def span(seconds: float) -> str:
    """`26 hours`, `3 days`."""
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size * (2 if size > 60 else 1):
            shown = f"{seconds / size:.1f}".removesuffix(".0")
            return f"{shown} {noun}{'' if shown == '1' else 's'}"
    return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"
