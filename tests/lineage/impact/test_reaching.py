"""The registry of reach answers by column when lineage is there, and says who spoke and what is not known."""

import json

import pytest
from django.utils import timezone

from catalog.contracts.checking import check_contract
from catalog.contracts.models import DataContract, PortContract
from catalog.contracts.services import import_document
from catalog.incidents.models import Incident, IncidentReach
from catalog.incidents.reaching import Subject, spreads
from catalog.incidents.transitions import Cause
from catalog.incidents.troubles import Trouble, count_reach, take_note
from catalog.products import reach
from catalog.products.models import OutputPort
from lineage.impact.reaching import BY_COLUMNS
from tests import factories as make
from tests.conftest import Cast
from tests.lineage.impact.conftest import Mesh, hide

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


def document(port: OutputPort, version: str, *fields: str) -> bytes:
    properties = [{"name": name, "logicalType": "string"} for name in fields]
    data = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "urn:example:rows", "version": version,
            "status": "active", "schema": [{"name": "rows", "properties": properties}]}  # fmt: skip
    return json.dumps(data).encode()


@pytest.fixture
def offered(mesh: Mesh) -> OutputPort:
    """A port under a contract of four fields, read by a product."""
    port = mesh.product("Offered")
    import_document(actor=None, raw=document(port, "1.0.0", "a", "b", "c", "d"))
    contract = DataContract.objects.get()
    contract.product = port.product
    contract.save()
    PortContract.objects.create(port=port, contract_key=contract.key, version=contract.versions.get())
    return port


def test_readers_of_a_column_with_distance_and_nested_fields(mesh: Mesh) -> None:
    ports = mesh.chain(3)
    mesh.feeds([((ports[0], "who.email"), (ports[2], "mail"))])
    answer = reach.readers_of_columns([(ports[0].pk, "a"), (ports[0].pk, "who"), (ports[0].pk, "nobody")])
    assert answer.readers[ports[0].pk, "a"] == {ports[1].product_id: 1, ports[2].product_id: 2}
    assert answer.readers[ports[0].pk, "who"] == {ports[2].product_id: 1}
    assert answer.readers[ports[0].pk, "nobody"] == {}
    assert answer.covered == {(ports[0].pk, ports[1].product_id), (ports[0].pk, ports[2].product_id)}
    assert BY_COLUMNS in answer.providers


def test_dropping_a_column_that_is_read_is_told_apart_from_one_nobody_reads(
    cast: Cast, mesh: Mesh, offered: OutputPort
) -> None:
    reader, secret = mesh.product("Reader"), mesh.product("Secret reader")
    mesh.reads(reader, offered)
    mesh.feeds([((offered, "a"), (reader, "x")), ((offered, "b"), (secret, "y"))])
    hide(secret.product)
    check = check_contract(cast.owner, document(offered, "2.0.0", "d"))
    effects = {effect.path: effect for effect in check.columns}
    assert effects.keys() == {"rows.a", "rows.b", "rows.c"}
    assert effects["rows.a"].readers == (reader.product,)
    assert (effects["rows.b"].readers, effects["rows.b"].hidden, effects["rows.b"].is_unread) == (
        (),
        1,
        False,
    )
    assert effects["rows.c"].is_unread
    assert effects["rows.c"].words == "Nobody downstream reads it."
    assert check.as_dict()["columns"][0]["readers"] == [reader.product.key]
    assert check.column_providers == (BY_COLUMNS,)


def test_a_consumer_without_lineage_of_columns_leaves_it_open(
    cast: Cast, mesh: Mesh, offered: OutputPort
) -> None:
    mesh.reads(mesh.product("Silent reader"), offered)
    (effect,) = check_contract(cast.owner, document(offered, "2.0.0", "a", "b", "c")).columns
    assert (effect.readers, effect.unknown, effect.is_unread) == ((), 1, False)
    assert "nobody knows which columns they read" in effect.words


def test_without_a_provider_nothing_is_said_of_columns(
    cast: Cast, offered: OutputPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_column_providers", {})
    check = check_contract(cast.owner, document(offered, "2.0.0", "a", "b", "c"))
    assert (check.columns, check.column_providers) == ((), ())
    assert check.found.is_breaking


def test_trouble_of_a_column_reaches_who_reads_it_and_whoever_nobody_knows_of(
    mesh: Mesh, offered: OutputPort
) -> None:
    reader, other, silent, below = (
        mesh.product(name) for name in ("Reader", "Other", "Silent", "Below other")
    )
    for port in (reader, other, silent):
        mesh.reads(port, offered)
    mesh.reads(below, other)
    mesh.feeds([((offered, "a"), (reader, "x")), ((offered, "b"), (other, "y"))])
    assert offered.asset
    make.make_schema(offered.asset, {"a": "string", "b": "string"})
    pk, product = offered.pk, offered.product_id
    found = spreads({
        1: Subject(product, pk), 2: Subject(product, pk, ("a",)), 3: Subject(product, pk, ("a", "b")),
        4: Subject(product, pk, ("no field",)), 5: Subject(product, None),
    })  # fmt: skip
    everybody = {port.product_id for port in (reader, other, silent, below)}
    assert {key: set(spread.paths) for key, spread in found.items()} == {
        1: everybody, 2: {reader.product_id, silent.product_id}, 3: everybody, 4: everybody, 5: everybody,
    }  # fmt: skip
    take_note(
        troubles=[Trouble(product, pk, Cause.CHECK, "a fails", "", "medium", columns=("a",))],
        ended={},
        now=timezone.now(),
    )
    incident = Incident.objects.get()
    assert (incident.consumers, incident.columns, incident.severity) == (2, ["a"], "medium")
    assert count_reach() == 1
    reached = set(IncidentReach.objects.filter(steps__gt=0).values_list("product", flat=True))
    assert reached == {reader.product_id, silent.product_id}
