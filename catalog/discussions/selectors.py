"""Reads of the conversation for pages and the API; a fixed number of queries whatever its length."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.discussions.models import Announcement, Answer, EarlierWords, Question, QuestionQuerySet
from catalog.discussions.services import DOCUMENTED_IN, JOINS
from catalog.products.models import DataProduct

ANSWERS_SHOWN = 50  # on one page


def questions_for(user: User) -> QuestionQuerySet:
    """Those `user` may see, with what every list shows."""
    rows: QuestionQuerySet = Question.objects.visible_to(user).select_related(*JOINS)
    return rows.annotate(answer_count=Count("answers", filter=Q(answers__removed_at=None)))


def question_or_404(user: User, pk: int) -> Question:
    found = questions_for(user).filter(pk=pk).prefetch_related("product__stewardships").first()
    if found is None:
        raise NotFound("There is no such question, or you may not see it.")
    return found


def answer_or_404(user: User, pk: int) -> Answer:
    """An answer to a question `user` may see, with the question as they see it."""
    answer = Answer.objects.select_related("author").filter(pk=pk).first()
    if answer is None:
        raise NotFound("There is no such answer, or you may not see it.")
    answer.question = question_or_404(user, answer.question_id)
    return answer


def open_count(product: DataProduct) -> int:
    """How many questions of a product wait for an accepted answer."""
    rows: QuestionQuerySet = Question.objects.filter(product=product)
    return rows.open().count()


def announcements_of(product: DataProduct) -> list[Announcement]:
    """What the owners tell now."""
    rows = Announcement.objects.filter(product=product).select_related("author")
    return list(rows.current(timezone.now().date()))


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer with what the reader may do with it; `earlier` are its words before it was edited."""

    answer: Answer
    is_accepted: bool
    may_edit: bool
    may_remove: bool
    shows_words: bool
    earlier: list[EarlierWords]


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question as its page shows it to one person."""

    question: Question
    answers: list[ShownAnswer]
    earlier: list[EarlierWords]
    may_answer: bool
    may_edit: bool
    may_settle: bool
    may_moderate: bool
    parts: tuple[str, ...] = DOCUMENTED_IN


def answers_of(question: Question) -> QuerySet[Answer]:
    """The answers, the oldest first, with what a page shows of each."""
    rows: QuerySet[Answer] = question.answers.select_related("author", "removed_by")
    return rows.prefetch_related("earlier").order_by("pk")


def page_with(question: Question, answer_id: int) -> int:
    """The number of the page of the question that shows this answer."""
    before: int = question.answers.filter(pk__lt=answer_id).count()
    return before // ANSWERS_SHOWN + 1


def shown(user: User, question: Question, rows: Iterable[Answer]) -> ShownQuestion:
    """The page of a question with `rows` of its answers. What was taken away, its words are shown to those who keep
    order only."""
    may_moderate = kernel.can(user, "question.moderate", question)
    may_answer = kernel.can(user, "question.answer", question) and question.removed_at is None
    answers = []
    for answer in rows:
        is_own = answer.author_id == user.pk and may_answer
        answers.append(
            ShownAnswer(
                answer=answer,
                is_accepted=answer.pk == question.accepted_id,
                may_edit=is_own and answer.removed_at is None,
                may_remove=(is_own or may_moderate) and answer.removed_at is None,
                shows_words=answer.removed_at is None or may_moderate,
                earlier=list(answer.earlier.all()),
            )
        )
    return ShownQuestion(
        question=question,
        answers=answers,
        earlier=list(question.earlier.all()),
        may_answer=may_answer,
        may_edit=kernel.can(user, "question.edit", question) and question.removed_at is None,
        may_settle=kernel.can(user, "question.settle", question) and question.removed_at is None,
        may_moderate=may_moderate,
    )
