"""A port of Play events that people ask for."""

import pytest

from catalog.products.models import OutputPort
from tests import factories as make
from tests.conftest import Cast


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make.make_port(cast.play_events, "plays")
