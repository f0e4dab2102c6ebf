"""Receivers of the tests stand on this machine."""

import datetime as dt

import pytest
from pytest_django import Settings

from catalog.notifications.webhooks import pacing


@pytest.fixture(autouse=True)
def near_by(settings: Settings) -> None:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1:*"]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without waiting, and as many as it takes."""
    monkeypatch.setattr(pacing, "wait", lambda attempts, chance: dt.timedelta(0))
