"""Speaking at a product: asking, answering, editing one's words, settling; what owners make of it."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, NotAllowed, Problem
from catalog.common.validation import clean, invalid
from catalog.discussions.models import MOST_TEXT, Announcement, Answer, EarlierWords, Question
from catalog.incidents.models import Incident
from catalog.incidents.services import Report, report_incident
from catalog.products.models import DataProduct, OutputPort
from catalog.products.services import edit_product

MOST_OPEN = 20  # questions of one person at one product that wait for an answer
MOST_ANSWERS = 200  # of one question
LONGEST_ANNOUNCEMENT = dt.timedelta(days=366)
DOCUMENTED_IN = ("description", "usage", "limitations")
JOINS = ("product__domain__team", "product__team", "author", "accepted__author", "port", "incident")


def locked(pk: int) -> Question:
    """The question with its row locked: whoever changes it or its answers begins here."""
    rows = Question.objects.select_related(*JOINS).select_for_update(of=("self",))
    found: Question = rows.get(pk=pk)
    return found


@transaction.atomic
def ask_question(
    *,
    actor: User,
    product: DataProduct,
    title: str,
    text: str = "",
    kind: str = Question.Kind.QUESTION,
    port: OutputPort | None = None,
    column: str = "",
) -> Question:
    """Ask about a product, one of its ports or a column, or tell of a problem. NotAllowed, Invalid, Conflict."""
    kernel.require(actor, "question.ask", product, "You may not ask about this product.")
    if port is not None and port.product_id != product.pk:
        raise invalid([Problem("port", "choice", "This port belongs to another product.")])
    if column and port is None:
        raise invalid([Problem("column", "port", "Say which port the column belongs to.")])
    if Question.objects.open().filter(product=product, author=actor).count() >= MOST_OPEN:
        raise Conflict(
            f"You have {MOST_OPEN} open questions here.",
            kept="Nothing was sent.",
            remedy="Close those that are done first.",
        )
    question = Question(
        product=product, port=port, column=column.strip(), kind=kind, author=actor,
        title=" ".join(title.split()), text=_words(text, needed=False),
    )  # fmt: skip
    clean(question, exclude=["product", "port"])
    question.save()
    _record(actor, "asked", question, kind=question.kind)
    return question


@transaction.atomic
def answer_question(*, actor: User, question: Question, text: str) -> Answer:
    """Say something to a question. Raises NotAllowed, Invalid, Conflict where it was taken away or is too long."""
    kernel.require(actor, "question.answer", question, "You may not answer here.")
    fresh = locked(question.pk)
    _require_shown(fresh)
    if fresh.answers.count() >= MOST_ANSWERS:
        raise Conflict("There are too many answers here.", kept="Nothing was sent.", remedy="Ask anew.")
    answer = Answer(question=fresh, author=actor, text=_words(text))
    clean(answer, exclude=["question"])
    answer.save()
    _record(actor, "answered", fresh, answer=answer.pk)
    return answer


@transaction.atomic
def edit_words(*, actor: User, words: Question | Answer, text: str, title: str = "") -> Question | Answer:
    """Say it better: one's own words only, what was said before is kept. Raises NotAllowed, Invalid, Conflict."""
    kernel.require(actor, "question.edit", words, "These are somebody else's words.")
    is_question = isinstance(words, Question)
    question = locked(words.pk if isinstance(words, Question) else words.question_id)
    fresh: Any = question if is_question else Answer.objects.select_related("question").get(pk=words.pk)
    _require_shown(fresh)
    new_title = " ".join(title.split()) if is_question and title else getattr(fresh, "title", "")
    new_text = _words(text, needed=not is_question)
    if (new_title, new_text) == (getattr(fresh, "title", ""), fresh.text):
        return words
    now = timezone.now()
    EarlierWords.objects.create(
        question=fresh if is_question else None,
        answer=None if is_question else fresh,
        title=fresh.title if is_question else "",
        text=fresh.text,
        replaced_at=now,
    )
    fresh.text, fresh.edited_at = new_text, now
    if is_question:
        fresh.title = new_title
    clean(fresh, exclude=["product", "port", "question", "accepted"])
    fresh.save()
    _record(actor, "edited", question, **({} if is_question else {"answer": fresh.pk}))
    edited: Question | Answer = fresh
    return edited


@transaction.atomic
def remove_words(*, actor: User, words: Question | Answer, reason: str = "") -> None:
    """Take words away: one's own, or as somebody who keeps order, who says why. They stay for those who may edit the
    product; an accepted answer is accepted no longer. Taking away twice is once."""
    question = locked(words.pk if isinstance(words, Question) else words.question_id)
    is_own = kernel.can(actor, "question.edit", words)
    if not is_own:
        kernel.require(actor, "question.moderate", question, "These are somebody else's words.")
        if not reason.strip():
            raise invalid([Problem("reason", "required", "Say why: its author reads it.")])
    fresh: Any = question if isinstance(words, Question) else Answer.objects.get(pk=words.pk)
    if fresh.removed_at is not None:
        return
    fresh.removed_at, fresh.removed_by = timezone.now(), actor
    fresh.removed_reason = " ".join(reason.split())[:300]
    fresh.save()
    if (
        question.accepted_id is not None
        and not isinstance(words, Question)
        and question.accepted_id == words.pk
    ):
        question.accepted = None
        question.save()
    _record(actor, "removed", question, reason=fresh.removed_reason)


@transaction.atomic
def accept_answer(*, actor: User, question: Question, answer: Answer | None) -> Question:
    """Say which answer is right, or (None) that none is. The asker, or who may edit the product. Conflict, Invalid."""
    kernel.require(actor, "question.settle", question, "Only who asked or an owner may accept an answer.")
    fresh = locked(question.pk)
    _require_shown(fresh)
    if answer is not None and (answer.question_id != fresh.pk or answer.removed_at is not None):
        raise invalid([Problem("answer", "choice", "This is no answer to the question.")])
    if fresh.accepted_id == (answer.pk if answer else None):
        return fresh
    fresh.accepted, fresh.closed_at = answer, None
    fresh.save()
    _record(actor, "settled" if answer else "unsettled", fresh, answer=answer.pk if answer else None)
    return fresh


@transaction.atomic
def close_question(*, actor: User, question: Question, is_closed: bool = True) -> Question:
    """It is done without an accepted answer, or (`is_closed` false) not done after all."""
    kernel.require(actor, "question.settle", question, "Only who asked or an owner may close it.")
    fresh = locked(question.pk)
    _require_shown(fresh)
    if is_closed == (fresh.closed_at is not None):
        return fresh
    fresh.closed_at = timezone.now() if is_closed else None
    fresh.save()
    _record(actor, "closed" if is_closed else "opened_again", fresh)
    return fresh


@transaction.atomic
def document_answer(*, actor: User, question: Question, part: str = "usage") -> DataProduct:
    """Append the accepted answer to a text of the product, as an edit with its history. Conflict, Invalid."""
    kernel.require(actor, "question.moderate", question, "Only those who may edit the product may do this.")
    if part not in DOCUMENTED_IN:
        raise invalid([Problem("part", "choice", f"Use one of {', '.join(DOCUMENTED_IN)}.")])
    fresh = locked(question.pk)
    _require_shown(fresh)
    if fresh.accepted is None:
        raise Conflict("No answer is accepted yet.", kept="Nothing was written.", remedy="Accept one first.")
    if fresh.documented_at is not None:
        raise Conflict("It is in the documentation already.", kept="Nothing was written.")
    product = DataProduct.objects.select_related("domain__team", "team").get(pk=fresh.product_id)
    before = getattr(product, part).rstrip()
    added = f"### {fresh.title}\n\n{fresh.accepted.text.strip()}\n"
    fields: Any = {part: f"{before}\n\n{added}" if before else added}
    written = edit_product(
        actor=actor, product=product, reason=f"From the question “{fresh.title}”"[:200], **fields
    )
    fresh.documented_at = timezone.now()
    fresh.save()
    _record(actor, "documented", fresh, part=part)
    return written


@transaction.atomic
def open_incident(*, actor: User, question: Question) -> Incident:
    """Make an incident of a problem; its page and the question lead to each other. NotAllowed, Conflict."""
    kernel.require(actor, "question.moderate", question, "Only those who may edit the product may do this.")
    fresh = locked(question.pk)
    _require_shown(fresh)
    if fresh.incident_id is not None:
        raise Conflict("There is an incident about it already.", kept="Nothing was opened.")
    report = Report(title=fresh.title, summary=fresh.text[:5_000], port=fresh.port)
    fresh.incident = report_incident(actor=actor, product=fresh.product, report=report)
    fresh.save()
    _record(actor, "became_incident", fresh, incident=fresh.incident.pk)
    return fresh.incident


@transaction.atomic
def announce(
    *, actor: User, product: DataProduct, title: str, ends_on: dt.date, text: str = ""
) -> Announcement:
    """Tell everybody who looks at the product, and those who watch or use it, until `ends_on`. NotAllowed, Invalid."""
    kernel.require(actor, "announcement.make", product, "Only those who may edit the product may announce.")
    today = timezone.now().date()
    if not today <= ends_on <= today + LONGEST_ANNOUNCEMENT:
        raise invalid([Problem("ends_on", "range", "The last day can be from today to a year from now.")])
    made = Announcement(
        product=product, author=actor, title=" ".join(title.split()), text=_words(text, needed=False),
        ends_on=ends_on,
    )  # fmt: skip
    clean(made, exclude=["product"])
    made.save()
    audit.record(
        actor=actor, verb="announcement.made", obj=made, product_id=product.pk,
        detail={"until": ends_on.isoformat()},
    )  # fmt: skip
    return made


@transaction.atomic
def end_announcement(*, actor: User, announcement: Announcement) -> None:
    """Take it down before its last day. Twice is once."""
    kernel.require(actor, "announcement.make", announcement.product, "Only those who may edit the product.")
    rows = Announcement.objects.filter(pk=announcement.pk, ended_at=None)
    if rows.update(ended_at=timezone.now()):
        audit.record(
            actor=actor, verb="announcement.ended", obj=announcement, product_id=announcement.product_id
        )


def _words(text: str, *, needed: bool = True) -> str:
    words = text.strip()
    if needed and not words:
        raise invalid([Problem("text", "required", "Say something.")])
    if len(words) > MOST_TEXT:
        raise invalid([Problem("text", "too_long", f"Use at most {MOST_TEXT:,} characters.")])
    return words


def _require_shown(words: Question | Answer) -> None:
    if words.removed_at is not None:
        raise Conflict("This was taken away.", kept="Nothing was changed.")
    if isinstance(words, Answer) and words.question.removed_at is not None:
        raise NotAllowed("The question was taken away.", kept="Nothing was changed.")


def _record(actor: User, verb: str, question: Question, **detail: object) -> None:
    """The title is not told: it may be taken away, and the trail stays."""
    audit.record(
        actor=actor, verb=f"question.{verb}", obj=question, product_id=question.product_id,
        name=f"question {question.pk}",
        detail={name: value for name, value in detail.items() if value not in (None, "")},
    )  # fmt: skip
