"""Prepared queries answer what the ORM answers, for any values, and never for somebody else's rights."""

from collections import OrderedDict
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common import prepared
from catalog.common.prepared import LONGEST, Prepared
from catalog.products.models import DataProduct
from tests.conftest import Cast
from tests.factories import make_product

pytestmark = pytest.mark.django_db

BY_ID = Prepared(
    DataProduct, lambda ids: DataProduct.objects.filter(pk__in=ids).values_list("pk", "created_at")
)
BY_NAME = Prepared(
    DataProduct,
    lambda part, slug: DataProduct.objects.filter(Q(name__contains=part) | Q(slug=slug)).values_list("pk"),
)
SEEN = Prepared(
    DataProduct,
    lambda ids, user: DataProduct.objects.visible_to(user).filter(pk__in=ids).values_list("pk"),
)


def by_name(part: str, slug: str) -> list[Any]:
    return sorted(DataProduct.objects.filter(Q(name__contains=part) | Q(slug=slug)).values_list("pk"))


def test_lists_of_any_length_answer_what_the_orm_answers(cast: Cast) -> None:
    ids = [cast.play_events.pk, cast.playback_quality.pk, *(make_product(f"P {n}").pk for n in range(5))]
    for length in range(len(ids) + 1):
        expected = DataProduct.objects.filter(pk__in=ids[:length]).values_list("pk", "created_at")
        assert sorted(BY_ID.rows(ids[:length])) == sorted(expected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=6))
def test_texts_of_any_kind_are_values_never_sql(cast: Cast, text: str) -> None:
    assert sorted(BY_NAME.rows(text, text)) == by_name(text, text)


def test_wildcards_are_what_was_typed(cast: Cast) -> None:
    make_product("100 % sure")
    for text in ("100 %", "%", "_", "\\", "' OR 1=1 --", "\ue0000\ue001"):
        assert sorted(BY_NAME.rows(text, "")) == by_name(text, "")


def test_the_second_asking_writes_no_query_down(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BY_ID.rows([cast.play_events.pk])
    monkeypatch.setattr(BY_ID, "_build", None)
    with CaptureQueriesContext(connection) as asked:
        assert BY_ID.rows([cast.playback_quality.pk])[0][0] == cast.playback_quality.pk
    assert len(asked.captured_queries) == 1


def test_everybody_has_their_own_rights_also_when_these_change(cast: Cast) -> None:
    make_product("Hidden", domain=cast.listening, visibility="private")
    ids = list(DataProduct.objects.values_list("pk", flat=True))

    def seen(user: User) -> list[Any]:
        kernel.forget_standing(user)
        return SEEN.rows(ids, given=(user,), under=kernel.held_tokens(user))

    for _ in range(2):
        for user in cast.everybody().values():
            assert sorted(seen(user)) == sorted(DataProduct.objects.visible_to(user).values_list("pk"))
    assert seen(cast.consumer)
    cast.consumer.memberships.all().delete()
    assert seen(cast.consumer) == []


def test_a_value_that_the_query_drops_is_an_error(db: None) -> None:
    careless = Prepared(DataProduct, lambda pk: DataProduct.objects.values_list("pk"))
    with pytest.raises(ValueError, match="every value"):
        careless.rows(1)


def test_lists_and_what_is_kept_are_bounded(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=str(LONGEST)):
        BY_ID.rows(range(LONGEST + 1))
    kept = vars(connections["default"]).setdefault("prepared", OrderedDict())
    kept.clear()
    monkeypatch.setattr(prepared, "MOST_KEPT", 3)
    for number in range(6):
        BY_ID.rows([1], under=number)
    assert len(kept) == 3


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection(cast: Cast) -> None:
    found: list[Any] = []

    def ask() -> None:
        found.append(BY_ID.rows([cast.play_events.pk])[0][0])
        connections.close_all()

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [cast.play_events.pk] * 4
