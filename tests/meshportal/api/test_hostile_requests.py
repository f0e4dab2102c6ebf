"""Bad requests get 4xx with the place of the mistake; never 5xx, whatever is sent."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Cast

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


@pytest.fixture
def admin(client: Client, cast: Cast) -> Client:
    client.raise_request_exception = False
    client.force_login(cast.admin)
    return client


def post(client: Client, body: bytes | str, content_type: str = "application/json") -> Any:
    return client.generic("POST", "/api/v1/products/", body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1,",
        b"\xff\xfe\x00",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "a", "name": "b"}',
        b"[" * 100_000,
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_json_is_a_parse_error(admin: Client, body: bytes) -> None:
    response = post(admin, body)
    assert response.status_code == 400
    assert response["Content-Type"] == PROBLEM
    assert response.json()["detail"].startswith("The body is not JSON that can be read: ")


@pytest.mark.parametrize(
    ("body", "path", "rule"),
    [
        ('{"name": "a\\u0000b"}', "$.name", "text"),
        ('{"name": {"deep": ["\\ud800"]}}', "$.name.deep[0]", "text"),
        ('{"revision": 99999999999999999999}', "$.revision", "number"),
        ('{"a\\u0000": 1}', "$.~", "text"),
    ],
)
def test_what_no_database_stores_is_refused_with_its_place(
    admin: Client, body: str, path: str, rule: str
) -> None:
    response = post(admin, body)
    assert response.status_code == 400
    assert {"path": path, "rule": rule} in [
        {"path": item["path"], "rule": item["rule"]} for item in response.json()["problems"]
    ]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_other_media_types_are_unsupported(admin: Client, kind: str) -> None:
    assert post(admin, b"name=x", kind).status_code == 415


def test_long_body_is_refused_before_it_is_read(admin: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = post(admin, b'{"name": "' + b"x" * 2000 + b'"}')
    assert response.status_code == 413
    assert response["Content-Type"] == PROBLEM


def test_byte_order_mark_is_forgiven(admin: Client) -> None:
    assert post(admin, b"\xef\xbb\xbf{}").json()["problems"], "the missing fields are named"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "BREW"])
def test_method_that_means_nothing_is_405(admin: Client, method: str) -> None:
    response = admin.generic(method, "/api/v1/products/")
    assert response.status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=1.5",
        "page=" + "9" * 400,
        "page=%EF%BC%91",
        "page_size=0",
        "page_size=101",
        "page_size=",
        "sort=password",
        "sort=--name",
        "lifecycle=no-such",
        "no_such=1",
    ],
)
def test_parameter_that_means_nothing_is_400(admin: Client, query: str) -> None:
    response = admin.get(f"/api/v1/products/?{query}")
    assert response.status_code == 400, response.content
    assert response.json()["problems"]


def test_page_beyond_the_last_is_404(admin: Client) -> None:
    assert admin.get("/api/v1/products/?page=999").status_code == 404


@pytest.mark.parametrize("accept", ["text/html", "image/png", "*/*", "nonsense", "application/problem+json"])
def test_errors_are_problem_documents_whatever_is_accepted(admin: Client, accept: str) -> None:
    response = admin.get("/api/v1/products/no/such/", headers={"Accept": accept})
    assert response.status_code in (404, 406)
    assert response["Content-Type"] == PROBLEM


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "name",
    "domain",
    "slug",
    "tags",
    "links",
    "sunset_at",
    "lifecycle",
    "revision",
    "successor",
    "version",
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(body=json_values | st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5))
def test_no_document_makes_the_portal_fail(admin: Client, body: Any) -> None:
    response = post(admin, json.dumps(body))
    assert 400 <= response.status_code < 500, (body, response.content)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(raw=st.binary(max_size=60))
def test_no_bytes_make_the_portal_fail(admin: Client, raw: bytes) -> None:
    assert 400 <= post(admin, raw).status_code < 500
