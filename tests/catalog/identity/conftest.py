"""A provider for the whole session, and the portal set to trust it."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from meshportal.identity import Oidc
from tests.identity_provider import CLIENT, SECRET, running_provider


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture
def oidc(issuer: str, settings: Settings) -> Iterator[Oidc]:
    cache.clear()
    settings.OIDC = Oidc(issuer, CLIENT, SECRET, groups_claim="groups")
    yield settings.OIDC
    cache.clear()
