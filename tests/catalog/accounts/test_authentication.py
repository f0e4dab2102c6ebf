"""Tokens of machines: which are accepted, what they may do, what is written down."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from catalog.accounts import services
from catalog.accounts.authentication import TokenAuthentication, TokenScope
from catalog.accounts.models import ApiToken
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


class WhoAmI(APIView):
    """A view as every view of the API is: token first, scope checked."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated, TokenScope]
    throttle_classes = []

    def get(self, request: Request) -> Response:
        return Response(request.user.username)

    post = put = patch = delete = get


def ask(method: str = "get", **headers: str) -> Any:
    request = getattr(APIRequestFactory(), method)(
        "/", **{f"HTTP_{k.upper()}": v for k, v in headers.items()}
    )
    return WhoAmI.as_view()(request)


def token_of(cast: Cast, *scopes: str, **options: Any) -> tuple[ApiToken, str]:
    return services.create_token(
        actor=None, person=cast.owner, name="t", scopes=scopes or ("read",), **options
    )


@pytest.mark.parametrize("write", [lambda s: {"authorization": f"Bearer {s}"}, lambda s: {"x_api_key": s}])
def test_both_headers_name_the_tokens_person(cast: Cast, write: Any) -> None:
    _, secret = token_of(cast)
    answer = ask(**write(secret))
    assert (answer.status_code, answer.data) == (200, "owner")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_capitals(cast: Cast, scheme: str) -> None:
    _, secret = token_of(cast)
    assert ask(authorization=f"{scheme} {secret}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer mesh_nothing"},
        {"authorization": "Bearer one two"},
        {"authorization": "Basic b3duZXI6YS1sb25nLXBhc3N3b3Jk"},
        {"x_api_key": ""},
        {"x_api_key": "\udcff\x00ÿ" * 3},
        {"x_api_key": "x" * 100_000},
        {"authorization": "Bearer ' OR 1=1 --"},
    ],
)
def test_anything_else_is_401_and_asks_for_a_bearer(cast: Cast, headers: dict[str, str]) -> None:
    answer = ask(**headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_two_different_tokens_in_one_request_are_refused(cast: Cast) -> None:
    (_, one), (_, two) = token_of(cast), token_of(cast)
    assert ask(authorization=f"Bearer {one}", x_api_key=two).status_code == 401
    assert ask(authorization=f"Bearer {one}", x_api_key=one).status_code == 200


def test_a_revoked_expired_or_foreign_digest_is_refused_in_the_same_words(cast: Cast) -> None:
    revoked, first = token_of(cast)
    services.revoke_token(actor=cast.owner, token=revoked)
    expired, second = token_of(cast)
    ApiToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    kept, third = token_of(cast)
    answers = [ask(x_api_key=secret) for secret in (first, second, kept.digest, third[:-1])]
    assert {answer.status_code for answer in answers} == {401}
    assert len({str(answer.data) for answer in answers}) == 1
    assert ask(x_api_key=third).status_code == 200


def test_a_deactivated_person_loses_every_token_for_good(cast: Cast) -> None:
    _, secret = token_of(cast)
    services.deactivate_person(actor=cast.admin, person=cast.owner)
    assert ask(x_api_key=secret).status_code == 401
    services.reactivate_person(actor=cast.admin, person=cast.owner)
    assert ask(x_api_key=secret).status_code == 401


@pytest.mark.parametrize(
    ("scopes", "method", "status"),
    [
        (("read",), "get", 200),
        (("read",), "head", 200),
        (("read",), "options", 200),
        (("read",), "post", 403),
        (("read",), "put", 403),
        (("read",), "patch", 403),
        (("read",), "delete", 403),
        (("write",), "get", 200),
        (("write",), "delete", 200),
    ],
)
def test_scopes_bound_what_a_token_does(cast: Cast, scopes: tuple[str], method: str, status: int) -> None:
    _, secret = token_of(cast, *scopes)
    assert ask(method, x_api_key=secret).status_code == status


def test_last_use_is_written_at_most_once_a_minute(cast: Cast, django_assert_num_queries: Any) -> None:
    token, secret = token_of(cast)
    ask(x_api_key=secret)
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        ask(x_api_key=secret)
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=first - timedelta(seconds=61))
    with django_assert_num_queries(2):
        ask(x_api_key=secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= first
