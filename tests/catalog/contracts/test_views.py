"""The contract tab, originals, the import page and the API, as every role meets them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.accounts.services import create_token
from catalog.contracts.models import ContractVersion, DataContract
from catalog.contracts.services import import_document
from catalog.products.models import DataProduct
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

TAB = "/products/listening/sessions/contract/"
PAGE, API = "/contracts/import/", "/api/v1/contracts/import/"


def bring(data: dict[str, Any]) -> None:
    result = import_document(actor=None, raw=as_yaml(data), path="here.yaml")
    assert result.status in ("imported", "warned"), result.problems


@pytest.fixture
def sessions(cast: Cast) -> DataProduct:
    bring(product())
    bring(contract(price={"priceAmount": 9, "priceCurrency": "EUR", "priceUnit": "<b>gigabyte</b>"}))
    return DataProduct.objects.get(slug="sessions")


@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 200), ("steward", 200), ("consumer", 200), ("admin", 200), ("guest", 404)],
)
def test_who_sees_the_contract_tab(
    cast: Cast, sessions: DataProduct, client: Client, person: str, status: int
) -> None:
    client.force_login(cast.everybody()[person])
    assert client.get(TAB).status_code == status
    assert client.get(TAB + "original/").status_code == status


def test_nobody_sees_it_without_signing_in(sessions: DataProduct, client: Client) -> None:
    for address in (TAB, TAB + "original/", PAGE):
        assert client.get(address).status_code == 302
    assert client.post(API, b"a: 1", content_type="application/yaml").status_code == 401


def test_tab_reads_the_document_and_marks_what_has_no_model(
    cast: Cast, sessions: DataProduct, client: Client
) -> None:
    client.force_login(cast.consumer)
    page = client.get(TAB).content.decode()
    for words in (
        "One row a session.",
        "sessions 1.0.0",
        "kept as written",
        "&lt;b&gt;gigabyte&lt;/b&gt;",
        "latency",
    ):
        assert words in page
    assert "<b>gigabyte</b>" not in page


def test_original_comes_back_byte_by_byte(cast: Cast, sessions: DataProduct, client: Client) -> None:
    client.force_login(cast.consumer)
    answer = client.get(TAB + "original/")
    assert answer.content == bytes(ContractVersion.objects.get().original)
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_older_versions_stay_readable(cast: Cast, sessions: DataProduct, client: Client) -> None:
    bring(contract(version="2.0.0"))
    key = f"contract-{DataContract.objects.get().pk}"
    client.force_login(cast.consumer)
    assert "An older version" in client.get(TAB, {"document": key, "version": "1"}).content.decode()
    assert "An older version" not in client.get(TAB, {"document": key}).content.decode()
    for wrong in (
        {"document": key, "version": "9"},
        {"document": "contract-99999"},
        {"document": key, "version": "²"},
    ):
        assert client.get(TAB, wrong).status_code == 404


def test_awaited_contract_and_no_contract_are_said(cast: Cast, client: Client) -> None:
    bring(product())
    client.force_login(cast.consumer)
    assert "A contract is awaited" in client.get(TAB).content.decode()
    assert "No contract yet" in client.get("/products/listening/play-events/contract/").content.decode()


def test_tab_asks_the_database_as_often_for_many_ports(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    ports = [{"name": f"p{n}", "version": "1.0.0", "contractId": f"urn:example:c{n}"} for n in range(30)]
    bring(product(outputPorts=ports))
    for n in range(30):
        bring(contract(id=f"urn:example:c{n}"))
    client.force_login(cast.consumer)
    client.get(TAB)
    with django_assert_max_num_queries(40):
        client.get(TAB)


@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 200), ("steward", 200), ("admin", 200), ("consumer", 403), ("guest", 403)],
)
def test_who_opens_the_import_page(cast: Cast, client: Client, person: str, status: int) -> None:
    client.force_login(cast.everybody()[person])
    assert client.get(PAGE).status_code == status


def test_looking_first_changes_nothing_and_keeps_the_text(cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    text = as_yaml(product(team={"name": "Listening team"})).decode()
    page = client.post(PAGE, {"text": text, "check": "1"})
    assert page.status_code == 200
    assert "What would happen" in page.content.decode()
    assert "urn:example:sessions" in page.content.decode()
    assert not DataProduct.objects.filter(slug="sessions").exists()
    page = client.post(PAGE, {"text": text, "import": "1"})
    assert "What happened" in page.content.decode()
    assert DataProduct.objects.filter(slug="sessions").exists()


def test_files_are_imported_together(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    files = [
        SimpleUploadedFile("p.yaml", as_yaml(product())),
        SimpleUploadedFile("c.yaml", as_yaml(contract())),
    ]
    page = client.post(PAGE, {"documents": files, "import": "1"})
    assert page.status_code == 200
    assert DataContract.objects.get().product == DataProduct.objects.get(slug="sessions")


@pytest.mark.parametrize(
    "text", ["", "a: [1", "kind: DataContract", "<script>alert(1)</script>: [1", "a: &x [*x]"]
)
def test_bad_text_is_answered_with_400_and_kept(cast: Cast, client: Client, text: str) -> None:
    client.force_login(cast.admin)
    page = client.post(PAGE, {"text": text, "import": "1"})
    assert page.status_code == 400
    assert "<script>alert(1)" not in page.content.decode()
    assert not DataContract.objects.exists()


def test_api_takes_a_body_and_answers_like_the_command(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    rehearsed = client.post(API + "?dry_run=true", as_yaml(product()), content_type="application/yaml")
    assert (rehearsed.status_code, rehearsed.json()["results"][0]["status"]) == (200, "imported")
    assert not DataProduct.objects.filter(slug="sessions").exists()
    answer = client.post(API, as_yaml(product()), content_type="application/yaml").json()["results"]
    assert answer[0]["keys"] == ["listening/sessions"]
    assert set(answer[0]) == {"path", "kind", "version", "status", "keys", "problems"}
    as_json = client.post(API, contract(), content_type="application/json").json()["results"]
    assert as_json[0]["status"] == "imported"


def test_api_takes_files(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    files = [SimpleUploadedFile("p.yaml", as_yaml(product())), SimpleUploadedFile("bad.yaml", b"a: [1")]
    answer = client.post(API, {"files": files})
    assert answer.status_code == 200
    assert [(item["path"], item["status"]) for item in answer.json()["results"]] == [
        ("p.yaml", "imported"),
        ("bad.yaml", "refused"),
    ]


@pytest.mark.parametrize(
    ("body", "query", "status"),
    [
        (b"a: [1", "", 400),
        (b"", "", 400),
        (b"\xff\xff", "", 400),
        (b"a: 1", "?dry_run=maybe", 400),
        (b"a: 1", "?dry=1", 400),
    ],
)
def test_api_answers_bad_input_with_400(
    cast: Cast, client: Client, body: bytes, query: str, status: int
) -> None:
    client.force_login(cast.admin)
    assert client.post(API + query, body, content_type="application/yaml").status_code == status


@pytest.mark.parametrize(
    ("person", "status"), [("owner", 400), ("steward", 400), ("consumer", 403), ("guest", 403)]
)
def test_api_lets_owners_import_what_is_theirs(cast: Cast, client: Client, person: str, status: int) -> None:
    client.force_login(cast.everybody()[person])
    theirs = product(domain="recommendations")
    assert client.post(API, as_yaml(theirs), content_type="application/yaml").status_code == status
    assert not DataProduct.objects.filter(slug="sessions").exists()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/yaml", "text/plain"])
def test_a_document_without_the_token_of_forms_is_forged(cast: Cast, kind: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    answer = client.generic("POST", API, as_yaml(contract()), content_type=kind)
    assert answer.status_code == 403
    assert not DataContract.objects.exists()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/yaml", ""])
def test_a_machine_may_send_a_document_under_any_content_type(cast: Cast, kind: str) -> None:
    _, secret = create_token(actor=cast.admin, person=cast.admin, name="ci", scopes=["write"])
    client = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {secret}"})
    assert client.generic("POST", API, as_yaml(contract()), content_type=kind).status_code == 200
    assert DataContract.objects.count() == 1
    assert client.generic("POST", API, b"", content_type=kind).status_code == 400
