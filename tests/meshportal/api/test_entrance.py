"""The API's frame: entrance, schema, documentation, and what happens to bad requests."""

import html
import json
import re

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from meshportal.api.documentation import areas
from tests.architecture.routes import every_route
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_stranger_is_asked_to_sign_in_with_a_problem_document(client: Client) -> None:
    response = client.get("/api/v1/")
    assert response.status_code in (401, 403)
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code


def test_member_finds_the_way_in(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    response = client.get("/api/v1/")
    assert response.status_code == 200
    assert response.json()["schema"] == "http://testserver/api/v1/schema/"


def test_openapi_document_is_served_as_json(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    response = client.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert json.loads(response.content)["openapi"].startswith("3.")


def test_every_operation_of_the_document_stands_on_the_page_of_its_area(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    document = SchemaGenerator().get_schema(request=None, public=True)
    wanted = {
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    }
    pages = [client.get("/api/v1/docs/", {"area": area.name}) for area in areas()]
    assert {page.status_code for page in pages} == {200}
    shown = {name for page in pages for name in re.findall(r'operation" id="(\w+)"', page.content.decode())}
    assert shown == wanted


def test_the_page_says_what_goes_in_and_what_comes_out(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    page = client.get("/api/v1/docs/?area=connections").content.decode()
    assert 'curl -X POST -H "Authorization: Bearer $TOKEN"' in html.unescape(page)
    made = next(
        operation
        for area in areas()
        for operation in area.operations
        if operation.path == "/api/v1/connections/" and operation.method == "post"
    )
    assert {"name", "kind", "config"} <= {item.path for item in made.body}
    created = next(answer for answer in made.answers if answer.status == "201")
    assert "has_secret" in {item.path for item in created.fields}  # answered, never sent
    assert "has_secret" not in {item.path for item in made.body}


def test_an_area_that_is_none_is_said(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    page = client.get("/api/v1/docs/", {"area": "<b>nothing</b>"})
    assert page.status_code == 200
    assert "No such area" in page.content.decode()
    assert "<b>nothing" not in page.content.decode()


def test_unknown_parameter_is_refused_by_name(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    response = client.get("/api/v1/?wanted=1")
    assert response.status_code == 400
    assert response.json()["problems"][0]["path"] == "wanted"


def test_address_that_does_not_exist_answers_json(client: Client, cast: Cast) -> None:
    client.force_login(cast.consumer)
    response = client.get("/api/v1/no-such-thing/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert "no-such-thing" not in response.content.decode()


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "q=%ff%fe", "%00=1"])
def test_broken_text_in_the_address_is_a_bad_request(client: Client, query: str) -> None:
    assert client.get(f"/api/v1/?{query}").status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/%00/", "/%00", "/products/%ff/x/"])
def test_broken_text_in_the_path_is_a_bad_request(client: Client, path: str) -> None:
    assert client.get(path).status_code == 400


def test_openapi_document_is_valid_and_describes_every_endpoint() -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(document)
    described = {re.sub(r"{[^}]*}", "*", path) for path in document["paths"]}
    served = {"/" + re.sub(r"<[^>]*>", "*", route.path) for route in every_route() if route.is_api}
    twins = {path for path in served - described if path.endswith("/") and path[:-1] in described}
    assert described == served - twins - {"/api/v1/schema/", "/api/v1/docs/"}
