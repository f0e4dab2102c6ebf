"""A term of the mesh, and a port with columns to link it to."""

import pytest

from catalog.glossary.models import GlossaryTerm
from catalog.glossary.services import create_term
from catalog.products.models import OutputPort
from tests import factories as make
from tests.conftest import Cast


@pytest.fixture
def play(cast: Cast) -> GlossaryTerm:
    return create_term(
        actor=cast.admin,
        name="Play",
        state="approved",
        synonyms=["Stream", "Listen event"],
        abbreviation="PL",
        definition="A track heard for *thirty* seconds.",
    )


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    asset = make.make_asset(make.make_connection(), "plays")
    make.make_schema(asset, {"play_id": "string", "track": "object", "track.title": "string"})
    return make.make_port(cast.play_events, "plays", asset=asset)
