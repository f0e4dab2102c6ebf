"""The conversation: read and written by whoever sees the product, kept in order by whoever may edit it."""

from typing import Any

from django.utils import timezone

from catalog.discussions.models import Announcement, Answer, Question
from catalog.products.models import DataProduct
from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.products import ledger, play_events
from tests.walk.world import MARK, SLUG_MARK, World


def _question(product: DataProduct, person: Any, title: str) -> Question:
    fields = {"author": person, "title": title}
    return Question.objects.get_or_create(product=product, removed_at=None, defaults=fields)[0]


def _answer(question: Question, text: str) -> Answer:
    fields = {"author": question.author, "text": text}
    return Answer.objects.get_or_create(question=question, removed_at=None, defaults=fields)[0]


def asked(world: World) -> dict[str, Any]:
    return {"pk": _question(world.cast.play_events, world.cast.consumer, "What is a play?").pk}


def secret(world: World) -> dict[str, Any]:
    return {"pk": _question(world.ledger, world.visitor, f"{MARK} question").pk}


def answered(world: World) -> dict[str, Any]:
    question = _question(world.cast.play_events, world.cast.consumer, "What is a play?")
    return {"pk": _answer(question, "From 30 seconds on.").pk}


def secret_answer(world: World) -> dict[str, Any]:
    return {"pk": _answer(_question(world.ledger, world.visitor, f"{MARK} question"), f"{MARK} answer").pk}


def _announced(product: DataProduct, title: str) -> dict[str, Any]:
    today = timezone.now().date()
    return {"pk": Announcement.objects.get_or_create(product=product, title=title, ends_on=today)[0].pk}


def announced(world: World) -> dict[str, Any]:
    return _announced(world.cast.play_events, "Moves on Monday")


def secret_announced(world: World) -> dict[str, Any]:
    return _announced(world.ledger, f"{MARK} moves")


def said(world: World) -> dict[str, Any]:
    return {"text": "From 30 seconds on."}


def new(world: World) -> dict[str, Any]:
    return {"product": "listening/play-events", "title": "Since when?"}


def new_in_the_vault(world: World) -> dict[str, Any]:
    return {"product": f"vault/{SLUG_MARK}-ledger", "title": "Since when?"}


def news(world: World) -> dict[str, Any]:
    return {**new(world), "ends_on": timezone.now().date().isoformat()}


def why(world: World) -> dict[str, Any]:
    return {"reason": "Be kind."}


def posted(expect: dict[str, int], keywords: Any, body: Any = nothing) -> Example:
    return Example(keywords, expect, method="POST", body=body)


def concealed(expect: dict[str, int], keywords: Any, body: Any = nothing, method: str = "POST") -> Example:
    return Example(keywords, expect, method=method, body=body, conceals=True)


def close(world: World) -> dict[str, Any]:
    return {"deed": "close"}


def accepting(world: World) -> dict[str, Any]:
    return {"answer": None}


MEMBERS = [Example(play_events, page()), Example(ledger, hidden(), conceals=True)]
EDITORS = page(403, owner=200, guest=404, admin=200)

ROUTES: Routes = {
    "discussions:product": MEMBERS,
    "discussions:ask": MEMBERS,
    "discussions:announce": [Example(play_events, EDITORS), Example(ledger, hidden(), conceals=True)],
    "discussions:question": [
        Example(asked, page()),
        Example(secret, hidden(), conceals=True),
        posted(page(302, guest=404), asked, said),
        concealed(hidden(admin=302), secret, said),
    ],
    "discussions:act": [
        posted(page(302, steward=403, guest=404), asked, close),
        concealed(hidden(admin=302), secret, close),
    ],
    "discussions:question_edit": [
        Example(asked, page(403, consumer=200, guest=404)),
        Example(secret, hidden(admin=403), conceals=True),
    ],
    "discussions:question_remove": [
        posted(page(302, steward=403, guest=404), asked, why),
        concealed(hidden(admin=302), secret, why),
    ],
    "discussions:answer_edit": [
        Example(answered, page(403, consumer=200, guest=404)),
        Example(secret_answer, hidden(admin=403), conceals=True),
    ],
    "discussions:answer_remove": [
        posted(page(302, steward=403, guest=404), answered, why),
        concealed(hidden(admin=302), secret_answer, why),
    ],
    "discussions:announcement_end": [
        posted(page(403, owner=302, guest=404, admin=302), announced),
        concealed(hidden(admin=302), secret_announced),
    ],
    "api:question-list": [
        Example(nothing, api(guest=200)),
        Example(nothing, api(guest=200), query="?state=open&product=listening/play-events"),
        posted(api(201, guest=400), nothing, new),
        concealed(api(400, guest=400, admin=201), nothing, new_in_the_vault),
    ],
    "api:question-detail": [
        Example(asked, api()),
        Example(secret, hidden_api(), conceals=True),
        Example(asked, api(403, consumer=200, guest=404), method="PATCH", body=said),
        Example(asked, api(400, consumer=204, steward=403, guest=404), method="DELETE"),
        concealed(hidden_api(admin=403), secret, said, "PATCH"),
    ],
    "api:answer-detail": [
        Example(answered, api(403, consumer=200, guest=404), method="PATCH", body=said),
        Example(answered, api(400, consumer=204, steward=403, guest=404), method="DELETE"),
        concealed(hidden_api(admin=403), secret_answer, said, "PATCH"),
    ],
    "api:question-answers": [
        Example(asked, api()),
        posted(api(201, guest=404), asked, said),
        concealed(hidden_api(admin=201), secret, said),
    ],
    "api:question-accepted": [
        Example(asked, api(200, steward=403, guest=404), method="PUT", body=accepting),
        concealed(hidden_api(), secret, accepting, "PUT"),
    ],
    "api:announcement-list": [
        Example(nothing, api(guest=200)),
        posted(api(403, owner=201, guest=400, admin=201), nothing, news),
    ],
}
