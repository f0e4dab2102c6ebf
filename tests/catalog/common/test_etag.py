"""If-Match as RFC 9110 has it, on one object with a revision."""

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from catalog.common.errors import Invalid, PreconditionRequired, StaleRevision
from catalog.common.etag import etag_of, expected_revision

PRODUCT: Any = SimpleNamespace(pk=12, revision=4, _meta=SimpleNamespace(model_name="dataproduct"))


def request_with(header: str | None) -> Request:
    headers = {} if header is None else {"If-Match": header}
    return Request(APIRequestFactory().patch("/", headers=headers))


def test_tag_names_kind_row_and_revision() -> None:
    assert etag_of(PRODUCT) == '"dataproduct-12-4"'


@pytest.mark.parametrize("header", ['"dataproduct-12-4"', '"other", "dataproduct-12-4"'])
def test_present_tag_gives_the_revision(header: str) -> None:
    assert expected_revision(request_with(header), PRODUCT) == 4


def test_star_matches_any_revision() -> None:
    assert expected_revision(request_with("*"), PRODUCT) is None


def test_missing_header_is_required() -> None:
    with pytest.raises(PreconditionRequired):
        expected_revision(request_with(None), PRODUCT)


@pytest.mark.parametrize("header", ['"dataproduct-12-3"', 'W/"dataproduct-12-4"'])
def test_old_or_weak_tag_is_stale(header: str) -> None:
    with pytest.raises(StaleRevision):
        expected_revision(request_with(header), PRODUCT)


@pytest.mark.parametrize("header", ["4", '"unclosed', "a,b"])
def test_what_is_not_a_tag_is_invalid(header: str) -> None:
    with pytest.raises(Invalid):
        expected_revision(request_with(header), PRODUCT)
