"""A port over a table, a port under a contract, and the day on which the files were written."""

import pytest
from django.utils import timezone

from catalog.contracts.models import PortContract
from catalog.contracts.services import import_document
from catalog.products.models import OutputPort
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract
from tests.catalog.quality.outside.sending import KEY, NOW
from tests.conftest import Cast


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files say when they were measured; results are kept for a time only."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def plays(cast: Cast) -> OutputPort:
    """The port of Play events over the table lake.main.plays."""
    asset = make.make_asset(make.make_connection("Lake"), "lake.main.plays")
    return make.make_port(cast.play_events, "plays", asset=asset)


@pytest.fixture
def sessions(cast: Cast) -> OutputPort:
    """A port under a contract."""
    port = make.make_port(cast.play_events, "sessions")
    PortContract.objects.create(port=port, contract_key=KEY)
    assert import_document(actor=None, raw=as_yaml(contract())).status == "imported"
    return port
