"""What is wrong with a request before it is sent: purpose, mode, columns, dates, kind. It asks no database."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.access import terms
from catalog.access.models import LONGEST_DAYS, AccessRequest, PortTerms
from catalog.common.errors import Problem

Kind = AccessRequest.Kind
LAST_DAY = dt.date(9000, 1, 1)  # later than anything meant, early enough to count days from


@dataclass(frozen=True, slots=True)
class Wish:
    """A request with what the port allows. `columns` are those there are; empty where none were chosen."""

    request: AccessRequest
    terms: PortTerms
    modes: tuple[str, ...]
    plain: str  # why there are no modes, where they would all be granted the same
    columns: tuple[str, ...]
    needs_purpose: bool
    has_purpose: bool
    now: dt.datetime


def problems_of(wish: Wish) -> list[Problem]:
    """Everything that stands against sending it, each with its field."""
    found = list(_of_kind(wish))
    if wish.request.kind == Kind.RELEASE:
        return found + list(_of_release(wish))
    found += _of_purpose(wish)
    found += _of_mode(wish)
    found += _of_columns(wish)
    if wish.request.kind != Kind.CHANGE:
        found += _of_period(wish)
    return found


def _of_kind(wish: Wish) -> Iterator[Problem]:
    agreement = wish.request.agreement
    stands = agreement.starts_at is not None and not agreement.is_over(wish.now)
    if wish.request.kind == Kind.NEW and stands:
        words = f"{agreement.consumer} has an agreement on this port. Renew or change it."
        yield Problem("kind", "stands", words)
    if wish.request.kind != Kind.NEW and not stands:
        yield Problem("kind", "nothing_stands", "There is no agreement in force. Ask for new access.")


def _of_purpose(wish: Wish) -> Iterator[Problem]:
    if not wish.request.purpose.strip():
        yield Problem("purpose", "required", "Say what the data is needed for.")
    if wish.needs_purpose and not wish.has_purpose:
        words = "This data is about people: name at least one of the purposes it may be used for."
        yield Problem("purposes", "required", words)


def _of_mode(wish: Wish) -> Iterator[Problem]:
    mode = wish.request.mode
    if wish.modes and mode not in wish.modes:
        yield Problem("mode", "choice", f"Choose one of {', '.join(wish.modes)}.")
    if mode and not wish.modes:
        words = f"This port offers no modes to choose from. {wish.plain}".strip()
        yield Problem("mode", "choice", words)


def _of_columns(wish: Wish) -> Iterator[Problem]:
    columns = wish.request.columns
    if not columns:
        return
    if not wish.terms.may_choose_columns:
        yield Problem("columns", "not_offered", "This port is offered as a whole.")
    elif unknown := [str(name) for name in columns if name not in wish.columns]:
        yield Problem("columns", "choice", f"There is no column {unknown[0][:100]}.")


def _of_release(wish: Wish) -> Iterator[Problem]:
    request = wish.request
    earliest = wish.now.date() + dt.timedelta(days=wish.terms.release_notice_days)
    if request.ends_on is not None and not earliest <= request.ends_on < LAST_DAY:
        yield Problem("ends_on", "notice", f"The last day can be {earliest.day} {earliest:%B %Y} or later.")


def _of_period(wish: Wish) -> Iterator[Problem]:
    request, today = wish.request, wish.now.date()
    start, end, days = request.starts_on, request.ends_on, request.days
    if start is not None and not today <= start < LAST_DAY:
        yield Problem("starts_on", "range", "The first day can be today or later.")
        return
    if end is not None and days is not None:
        yield Problem("days", "either", "Give either the last day or a number of days.")
        return
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        yield Problem("days", "range", f"Use a whole number of days from 1 to {LONGEST_DAYS:,}.")
        return
    if end is not None and not max(today, start or today) <= end < LAST_DAY:
        yield Problem("ends_on", "range", "The last day cannot be before the first, nor in the past.")
        return
    yield from _of_length(wish)


def _of_length(wish: Wish) -> Iterator[Problem]:
    request, longest = wish.request, wish.terms.longest_days
    if longest is None:
        if request.ends_on is not None and (request.ends_on - wish.now.date()).days > LONGEST_DAYS:
            yield Problem("ends_on", "range", f"The end can be at most {LONGEST_DAYS:,} days away.")
        return
    if request.ends_on is None and request.days is None:
        words = f"Say until when: on this port an agreement lasts at most {longest} days."
        yield Problem("ends_on", "required", words)
        return
    lasting = request.days
    if request.ends_on is not None:
        first = request.starts_on or wish.now.date()
        if request.kind == Kind.RENEW:
            first = wish.now.date()
        lasting = (terms.last_moment(request.ends_on) - terms.first_moment(first)).days
    if lasting is not None and lasting > longest:
        field = "ends_on" if request.ends_on else "days"
        yield Problem(field, "too_long", f"On this port an agreement lasts at most {longest} days.")
