"""A product with thousands of links to terms: its pages read what they show."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.glossary.selectors import terms_at, terms_of_columns
from catalog.glossary.services import create_term
from catalog.products.models import OutputPort
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def linked(cast: Cast, plays: OutputPort) -> list[GlossaryTerm]:
    """Twenty terms, each on thirty columns; the last two on the whole product as well."""
    terms = [
        create_term(actor=cast.admin, name=f"Word {number:02}", state="approved") for number in range(20)
    ]
    product = cast.play_events
    TermLink.objects.bulk_create(
        TermLink(term=term, product=product, port=plays, path=f"column{number}")
        for term in terms
        for number in range(30)
    )
    TermLink.objects.bulk_create(TermLink(term=term, product=product) for term in terms[-2:])
    return terms


def loaded(monkeypatch: pytest.MonkeyPatch, *models: Any) -> list[str]:
    """The names of the rows of `models` that are loaded from now on."""
    found: list[str] = []
    for model in models:
        really = model.from_db

        def noted(*parts: Any, really: Any = really, **more: Any) -> Any:
            found.append(really.__self__.__name__)
            return really(*parts, **more)

        monkeypatch.setattr(model, "from_db", noted)
    return found


def test_a_products_page_loads_the_dozen_it_shows_and_counts_the_rest(
    cast: Cast, client: Client, linked: list[GlossaryTerm], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = loaded(monkeypatch, TermLink, GlossaryTerm)
    terms_at(cast.consumer, cast.play_events, 0)  # who they are is known from here on
    with CaptureQueriesContext(connection) as asked:
        shown, count = terms_at(cast.consumer, cast.play_events, 12)
    assert [term.name for term in shown] == ["Word 18", "Word 19", *(f"Word {n:02}" for n in range(10))]
    assert (count, len(rows), len(asked)) == (20, 12, 1)
    client.force_login(cast.consumer)
    text = client.get(cast.play_events.get_absolute_url()).content.decode()
    assert "and 8 more" in text
    assert len(rows) == 24
    GlossaryTerm.objects.filter(pk=linked[-1].pk).update(state="draft")  # its keepers alone read it
    assert terms_at(cast.consumer, cast.play_events, 12)[1] == 19


def test_a_page_of_columns_loads_the_links_of_these_alone(
    cast: Cast, linked: list[GlossaryTerm], plays: OutputPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = loaded(monkeypatch, TermLink)
    found = terms_of_columns(cast.consumer, plays.pk, ["column1", "column2", "none"])
    assert {path: len(terms) for path, terms in found.items()} == {"column1": 20, "column2": 20}
    assert len(rows) == 40
