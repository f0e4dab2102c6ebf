"""Fixtures every test may use; the cast is the same as in the demo mesh."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
from pytest_django import Settings

from catalog.accounts.models import Role, Team, User
from catalog.domains.models import Domain
from catalog.products.models import DataProduct
from catalog.search.backends import get_backend
from catalog.search.backends.base import SearchBackend
from tests import factories as make

# A busy machine draws examples slowly and takes its time with each: neither is a fault of what is tested.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.fixture(autouse=True)
def no_worker_was_heard() -> None:
    """What readiness remembers of a worker belongs to one test."""
    from meshportal.health import pulse  # needs Django's settings

    pulse.forget()


@dataclass
class Cast:
    """owner owns Play events in Listening, steward stewards Playback quality, consumer consumes (a member of
    another team), guest has no rights, admin runs the platform."""

    owner: User
    steward: User
    consumer: User
    guest: User
    admin: User
    listening_team: Team
    listening: Domain
    play_events: DataProduct
    playback_team: Team
    playback: Domain
    playback_quality: DataProduct

    def everybody(self) -> dict[str, User]:
        return {name: getattr(self, name) for name in ("owner", "steward", "consumer", "guest", "admin")}


def make_cast() -> Cast:
    """The cast as rows; tests ask for the fixture `cast`, a portal in processes of its own calls this."""
    owner, steward, consumer, guest, admin = (
        make.make_user(name, password="a-long-password")
        for name in ("owner", "steward", "consumer", "guest", "admin")
    )
    company = make.make_team("Daff")
    listening_team = make.make_team("Listening team", company, slug="listening-team")
    playback_team = make.make_team("Playback team", company, slug="playback-team")
    insights = make.make_team("Insights", company)
    listening = make.make_domain("Listening", team=listening_team)
    playback = make.make_domain("Playback", team=playback_team)
    play_events = make.make_product("Play events", domain=listening)
    playback_quality = make.make_product("Playback quality", domain=playback)
    make.make_membership(owner, Role.BUSINESS_OWNER, listening_team)
    make.make_stewardship(play_events, owner, "business_owner")
    make.make_membership(steward, Role.STEWARD, playback_team)
    make.make_stewardship(playback_quality, steward, "steward")
    make.make_membership(consumer, Role.VIEWER, insights)
    make.make_membership(admin, Role.PLATFORM_ADMIN)
    return Cast(
        owner,
        steward,
        consumer,
        guest,
        admin,
        listening_team,
        listening,
        play_events,
        playback_team,
        playback,
        playback_quality,
    )


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def search_index(tmp_path: Path, settings: Settings) -> Iterator[SearchBackend]:
    """The portal's own backend, Whoosh, empty and in a folder of its own."""
    settings.SEARCH_BACKEND = "whoosh"
    settings.SEARCH_INDEX_DIR = tmp_path / "index"
    get_backend.cache_clear()
    index = get_backend()
    index.rebuild([])
    yield index
    get_backend.cache_clear()
