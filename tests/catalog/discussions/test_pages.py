"""The pages and the API of the conversation."""

import datetime as dt

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.discussions import services
from catalog.discussions.models import Answer, Question
from catalog.products.models import DataProduct
from tests import factories as make
from tests.conftest import Cast

TAB = "/products/listening/play-events/questions/"


def test_asking_answering_accepting_and_documenting_without_scripts(cast: Cast, client: Client) -> None:
    port = make.make_port(cast.play_events, "plays")
    client.force_login(cast.consumer)
    assert "No open questions" in client.get(TAB).content.decode()
    form = client.get(f"{TAB}new/?kind=problem&port=plays/1.0.0&column=id").content.decode()
    assert 'value="id"' in form
    assert client.post(f"{TAB}new/", {"kind": "question", "title": ""}).status_code == 400
    answer = client.post(
        f"{TAB}new/",
        {"kind": "question", "title": "What is <b>id</b>?", "text": "**Really** <script>", "port": port.pk},
    )
    question = Question.objects.get()
    assert answer["Location"] == question.get_absolute_url()
    page = client.get(question.get_absolute_url()).content.decode()
    assert "<strong>Really</strong>" in page
    assert "<script>" not in page.split("<main")[1]
    assert "&lt;b&gt;id" in page
    client.force_login(cast.owner)
    client.post(question.get_absolute_url(), {"text": "The listener's play."})
    said = question.answers.get()
    act = f"{question.get_absolute_url()}act/"
    assert client.post(act, {"deed": "accept", "answer": said.pk}).status_code == 302
    assert client.post(act, {"deed": "document", "part": "limitations"}).status_code == 302
    assert "The listener's play." in DataProduct.objects.get(pk=cast.play_events.pk).limitations
    assert "accepted" in client.get(question.get_absolute_url()).content.decode()
    assert client.post(act, {"deed": "dance"}).status_code == 400
    assert client.post(act, {"deed": "accept", "answer": "9" * 30}).status_code == 404
    assert "What is" in client.get(f"{TAB}?state=answered").content.decode()
    assert client.get(f"{TAB}?state=never").status_code == 404


def test_what_was_taken_away_is_not_shown_to_others(cast: Cast, client: Client) -> None:
    question = services.ask_question(actor=cast.consumer, product=cast.play_events, title="Who knows?")
    answer = services.answer_question(actor=cast.consumer, question=question, text="Unkind words.")
    client.force_login(cast.owner)
    client.post(f"/discussions/answers/{answer.pk}/remove/", {"reason": "Be kind."})
    assert "Unkind" in client.get(question.get_absolute_url()).content.decode()  # they keep order
    client.force_login(cast.consumer)
    page = client.get(question.get_absolute_url()).content.decode()
    assert "Unkind" not in page
    assert "Be kind." in page
    listed = client.get(f"/api/v1/discussions/questions/{question.pk}/answers/").json()
    assert listed["results"][0]["text"] == ""


def test_an_announcement_stands_above_every_tab(cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    ends_on = timezone.now().date() + dt.timedelta(days=3)
    client.post(
        "/products/listening/play-events/announcements/new/",
        {"title": "Moves on Monday", "text": "To *another* server.", "ends_on": ends_on.isoformat()},
    )
    client.force_login(cast.consumer)
    for path in ("", "access/", "questions/"):
        page = client.get(f"/products/listening/play-events/{path}").content.decode()
        assert "Moves on Monday" in page
        assert "<em>another</em>" in page


def test_a_long_conversation_asks_the_database_no_more_often(cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    counts = []
    question = services.ask_question(actor=cast.owner, product=cast.play_events, title="First")
    for number in range(12):
        services.ask_question(actor=cast.consumer, product=cast.play_events, title=f"q{number}")
        said = services.answer_question(actor=cast.consumer, question=question, text="So.")
        services.edit_words(actor=cast.consumer, words=said, text=f"So {number}.")
        if number in (2, 11):
            found = 0
            for path in (TAB, question.get_absolute_url(), "/api/v1/discussions/questions/"):
                client.get(path)
                with CaptureQueriesContext(connection) as queries:
                    client.get(path)
                found += len(queries)
            counts.append(found)
    assert counts[0] == counts[1]


def test_many_answers_are_read_in_pages_and_the_accepted_one_is_one_step_away(
    cast: Cast, client: Client
) -> None:
    question = services.ask_question(actor=cast.consumer, product=cast.play_events, title="First")
    Answer.objects.bulk_create(
        Answer(question=question, author=cast.owner, text=f"Words {number:03}.") for number in range(60)
    )
    late = question.answers.get(text="Words 055.")
    services.accept_answer(actor=cast.consumer, question=question, answer=late)
    client.force_login(cast.consumer)
    address = question.get_absolute_url()
    first = client.get(address).content.decode()
    assert "Words 049." in first
    assert "Words 050." not in first
    assert f'href="{address}?page=2#answer-{late.pk}">The accepted answer' in first
    assert "Words 055." in client.get(f"{address}?page=2").content.decode()
    sent = client.post(address, {"text": "And mine."})["Location"]
    assert sent == f"{address}?page=2#answer-{Answer.objects.latest('pk').pk}"
    assert "And mine." in client.get(sent).content.decode()


def test_the_api_asks_answers_accepts_and_announces(cast: Cast, client: Client) -> None:
    make.make_port(cast.play_events, "plays")
    client.force_login(cast.consumer)
    url = "/api/v1/discussions/questions/"
    given = {"product": "listening/play-events", "title": "Why?", "port": "plays/1.0.0", "column": "id"}
    made = client.post(url, given, content_type="application/json")
    assert made.status_code == 201
    pk = made.json()["id"]
    wrong = client.post(url, {**given, "port": "nothing/1"}, content_type="application/json")
    assert wrong.status_code == 400
    said = client.post(f"{url}{pk}/answers/", {"text": "Because."}, content_type="application/json").json()
    accepted = client.put(f"{url}{pk}/accepted/", {"answer": said["id"]}, content_type="application/json")
    assert accepted.json()["state"] == "answered"
    assert client.get(f"{url}?state=answered&product=listening/play-events").json()["count"] == 1
    assert client.get(f"{url}?state=open").json()["count"] == 0
    told = {"product": "listening/play-events", "title": "Soon", "ends_on": "2020-01-01"}
    announcements = "/api/v1/discussions/announcements/"
    assert client.post(announcements, told, content_type="application/json").status_code == 403
    client.force_login(cast.owner)
    assert client.post(announcements, told, content_type="application/json").status_code == 400
    told["ends_on"] = timezone.now().date().isoformat()
    assert client.post(announcements, told, content_type="application/json").status_code == 201
    assert client.get(f"{announcements}?product=listening/play-events").json()["count"] == 1


def test_words_are_edited_and_taken_away_through_the_api(cast: Cast, client: Client) -> None:
    asked = services.ask_question(
        actor=cast.consumer, product=cast.play_events, title="Which zone?", text="?"
    )
    said = services.answer_question(actor=cast.owner, question=asked, text="UTC.")
    question, answer = f"/api/v1/discussions/questions/{asked.pk}/", f"/api/v1/discussions/answers/{said.pk}/"

    def patch(path: str, body: dict[str, str]) -> int:
        return client.patch(path, body, content_type="application/json").status_code

    client.force_login(cast.consumer)
    assert patch(question, {"title": "Which time zone?"}) == 200
    assert patch(answer, {"text": "Mine."}) == 403
    assert client.delete(answer).status_code == 403
    client.force_login(cast.owner)
    assert patch(answer, {"text": "Always UTC."}) == 200
    assert client.get(question).json()["title"] == "Which time zone?"
    assert client.get(question).json()["text"] == "?"
    assert client.delete(question).status_code == 400  # keeping order needs a reason
    assert client.delete(f"{question}?reason=Twice.").status_code == 204
    assert client.delete(answer).status_code in (204, 409)
