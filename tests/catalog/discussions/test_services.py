"""Asking, answering, settling, and what owners make of it."""

import datetime as dt

import pytest
from django.utils import timezone

from catalog.audit.models import AuditEvent
from catalog.common.errors import Conflict, Invalid, NotAllowed
from catalog.discussions import services
from catalog.discussions.models import Announcement, EarlierWords, Question
from catalog.incidents.models import Incident
from catalog.notifications.models import Notice, Notification
from catalog.notifications.telling import fan_out_waiting
from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast


@pytest.fixture
def question(cast: Cast) -> Question:
    return services.ask_question(
        actor=cast.consumer, product=cast.play_events, title="What is a play?", text="Above 30 seconds?"
    )


def told(person: object) -> set[str]:
    fan_out_waiting()
    return set(Notification.objects.filter(recipient=person).values_list("notice__title", flat=True))


def test_owners_are_told_of_a_question_and_the_asker_of_the_answer(cast: Cast, question: Question) -> None:
    assert "Play events: a question: What is a play?" in told(cast.owner)
    assert not told(cast.consumer)
    answer = services.answer_question(actor=cast.steward, question=question, text="From 30 seconds on.")
    assert "Play events: Steward answered “What is a play?”" in told(cast.consumer)
    services.accept_answer(actor=cast.consumer, question=question, answer=answer)
    question.refresh_from_db()
    assert question.state == "answered"
    assert "Play events: your answer to “What is a play?” is accepted" in told(cast.steward)


def test_accepting_twice_is_once_and_only_the_asker_or_an_owner_may(cast: Cast, question: Question) -> None:
    answer = services.answer_question(actor=cast.steward, question=question, text="From 30 seconds on.")
    with pytest.raises(NotAllowed):
        services.accept_answer(actor=cast.steward, question=question, answer=answer)
    for _ in range(2):
        services.accept_answer(actor=cast.owner, question=question, answer=answer)
    assert AuditEvent.objects.filter(verb="question.settled").count() == 1
    other = services.ask_question(actor=cast.consumer, product=cast.play_events, title="Another")
    with pytest.raises(Invalid):
        services.accept_answer(actor=cast.owner, question=other, answer=answer)


def test_an_accepted_answer_becomes_documentation_once_with_its_history(
    cast: Cast, question: Question
) -> None:
    DataProduct.objects.filter(pk=cast.play_events.pk).update(usage="Join on id.")
    with pytest.raises(Conflict):
        services.document_answer(actor=cast.owner, question=question)
    answer = services.answer_question(actor=cast.owner, question=question, text="From 30 seconds on.")
    services.accept_answer(actor=cast.owner, question=question, answer=answer)
    with pytest.raises(NotAllowed):
        services.document_answer(actor=cast.consumer, question=question)
    services.document_answer(actor=cast.owner, question=question)
    with pytest.raises(Conflict):
        services.document_answer(actor=cast.owner, question=question)
    product = DataProduct.objects.get(pk=cast.play_events.pk)
    assert product.usage == "Join on id.\n\n### What is a play?\n\nFrom 30 seconds on.\n"
    edited = AuditEvent.objects.get(verb="product.edited")
    assert edited.changes["usage"][0] == "Join on id."
    assert product.history.count() >= 1


def test_words_are_edited_by_their_author_and_what_was_said_is_kept(cast: Cast, question: Question) -> None:
    with pytest.raises(NotAllowed):
        services.edit_words(actor=cast.owner, words=question, text="Mine now.")
    for _ in range(2):
        services.edit_words(actor=cast.consumer, words=question, title="What counts?", text="Seconds?")
    question.refresh_from_db()
    assert (question.title, question.text) == ("What counts?", "Seconds?")
    earlier = EarlierWords.objects.get()
    assert (earlier.title, earlier.text) == ("What is a play?", "Above 30 seconds?")


def test_who_keeps_order_says_why_and_the_words_are_gone_for_others(cast: Cast, question: Question) -> None:
    answer = services.answer_question(actor=cast.consumer, question=question, text="Rubbish.")
    services.accept_answer(actor=cast.consumer, question=question, answer=answer)
    with pytest.raises(NotAllowed):
        services.remove_words(actor=cast.steward, words=answer, reason="No.")
    with pytest.raises(Invalid):
        services.remove_words(actor=cast.owner, words=answer)
    for _ in range(2):
        services.remove_words(actor=cast.owner, words=answer, reason="Be kind.")
    question.refresh_from_db()
    assert question.accepted is None
    services.remove_words(actor=cast.consumer, words=question)
    seen = {name: Question.objects.visible_to(person).count() for name, person in cast.everybody().items()}
    assert seen == {"owner": 1, "steward": 0, "consumer": 1, "guest": 0, "admin": 1}
    with pytest.raises(Conflict):
        services.answer_question(actor=cast.owner, question=question, text="Still?")


def test_a_problem_becomes_an_incident_once(cast: Cast) -> None:
    port = make.make_port(cast.play_events, "plays")
    problem = services.ask_question(
        actor=cast.consumer, product=cast.play_events, title="Rows are missing", kind="problem", port=port
    )
    with pytest.raises(NotAllowed):
        services.open_incident(actor=cast.consumer, question=problem)
    made = services.open_incident(actor=cast.owner, question=problem)
    assert (made.title, made.port) == ("Rows are missing", port)
    with pytest.raises(Conflict):
        services.open_incident(actor=cast.owner, question=problem)
    assert Incident.objects.count() == 1


def test_an_announcement_is_told_and_shown_until_its_day(cast: Cast) -> None:
    today = timezone.now().date()
    with pytest.raises(NotAllowed):
        services.announce(actor=cast.consumer, product=cast.play_events, title="Free", ends_on=today)
    with pytest.raises(Invalid):
        services.announce(
            actor=cast.owner, product=cast.play_events, title="Old", ends_on=today - dt.timedelta(days=1)
        )
    made = services.announce(
        actor=cast.owner, product=cast.play_events, title="Moves on Monday", ends_on=today
    )
    assert Notice.objects.get(title="Play events: Moves on Monday").audience == "everybody"
    current = Announcement.objects.all()
    assert current.current(today).count() == 1  # type: ignore[attr-defined]
    assert not current.current(today + dt.timedelta(days=1)).exists()  # type: ignore[attr-defined]
    for _ in range(2):
        services.end_announcement(actor=cast.owner, announcement=made)
    assert not current.current(today).exists()  # type: ignore[attr-defined]
    assert AuditEvent.objects.filter(verb="announcement.ended").count() == 1


def test_what_is_too_much_or_nothing_is_refused(cast: Cast, question: Question) -> None:
    with pytest.raises(NotAllowed):
        services.ask_question(actor=cast.guest, product=cast.play_events, title="Hello")
    for title, text in (("", "x"), ("x" * 300, ""), ("x", "y" * 10_001)):
        with pytest.raises(Invalid):
            services.ask_question(actor=cast.consumer, product=cast.play_events, title=title, text=text)
    with pytest.raises(Invalid):
        services.answer_question(actor=cast.consumer, question=question, text="  ")
    elsewhere = make.make_port(cast.playback_quality, "scores")
    with pytest.raises(Invalid):
        services.ask_question(actor=cast.consumer, product=cast.play_events, title="x", port=elsewhere)
    for number in range(services.MOST_OPEN - 1):
        services.ask_question(actor=cast.consumer, product=cast.play_events, title=f"q{number}")
    with pytest.raises(Conflict):
        services.ask_question(actor=cast.consumer, product=cast.play_events, title="One more")
