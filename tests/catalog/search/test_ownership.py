"""Which data folder owns the embedded index (real processes are refused in tests/meshportal/test_several_hosts)."""

from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.search import backends, ownership
from catalog.search.models import SearchState
from meshportal.hosts import UnfitHost, require_fit_host

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_a_server(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """As if the database were one that several hosts can reach."""
    monkeypatch.setattr(ownership, "connection", SimpleNamespace(vendor="postgresql"))
    settings.SEARCH_BACKEND = "whoosh"
    settings.INSTALLATION_ID = "here"


def test_the_first_folder_takes_the_index_and_keeps_it_wherever_it_is_moved(settings: Any) -> None:
    ownership.require_own_index()
    settings.DATA_DIR = "/elsewhere"
    ownership.require_own_index()
    assert SearchState.read().index_home == "here"


def test_another_folder_is_refused_with_the_remedy(settings: Any) -> None:
    ownership.require_own_index()
    settings.INSTALLATION_ID = "there"
    with pytest.raises(UnfitHost, match="MESHPORTAL_SEARCH_BACKEND=postgres on each") as told:
        require_fit_host()
    assert "claim_search_index" in str(told.value)
    settings.SEARCH_BACKEND = "memory"
    ownership.require_own_index()


def test_one_command_says_that_the_portal_was_moved(settings: Any) -> None:
    ownership.require_own_index()
    settings.INSTALLATION_ID = "there"
    out = StringIO()
    call_command("claim_search_index", stdout=out)
    assert "stop the portal there" in out.getvalue()
    ownership.require_own_index()
    settings.INSTALLATION_ID = "here"
    with pytest.raises(ownership.HeldElsewhere):
        ownership.require_own_index()


def test_a_folder_on_sqlite_is_never_asked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    ownership.require_own_index()
    settings.INSTALLATION_ID = "there"
    monkeypatch.setattr(ownership, "connection", SimpleNamespace(vendor="sqlite"))
    ownership.require_own_index()


def test_a_backend_that_does_not_go_with_the_database_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    from catalog.search.backends import get_backend

    monkeypatch.setattr(backends, "connection", SimpleNamespace(vendor="sqlite"))
    settings.SEARCH_BACKEND = "postgres"
    get_backend.cache_clear()
    with pytest.raises(UnfitHost, match="needs a MESHPORTAL_DATABASE_URL"):
        require_fit_host()
    with pytest.raises(CommandError, match="needs a MESHPORTAL_DATABASE_URL"):
        call_command("prepare", stdout=StringIO())
    get_backend.cache_clear()
