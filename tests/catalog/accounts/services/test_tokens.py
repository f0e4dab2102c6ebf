"""Making and revoking tokens."""

import pytest

from catalog.accounts import services
from catalog.accounts.models import ApiToken
from catalog.accounts.services.tokens import digest_of
from catalog.audit.models import AuditEvent
from catalog.common.errors import Invalid, NotAllowed, NotFound
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_the_secret_is_nowhere_in_the_database(cast: Cast) -> None:
    token, secret = services.create_token(actor=cast.owner, person=cast.owner, name="Nightly job")
    row = ApiToken.objects.values().get(pk=token.pk)
    assert secret not in str(row)
    assert row["digest"] == digest_of(secret)
    assert secret.startswith(row["prefix"])
    assert len(row["prefix"]) <= len(secret) // 3
    assert secret not in str(list(AuditEvent.objects.values()))


def test_nobody_makes_a_token_for_somebody_else_not_even_an_admin(cast: Cast) -> None:
    for actor in (cast.owner, cast.steward, cast.admin, cast.guest):
        with pytest.raises(NotAllowed):
            services.create_token(actor=actor, person=cast.consumer, name="mine now")
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"days": 0}, "days"),
        ({"days": 731}, "days"),
        ({"days": -5}, "days"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
    ],
)
def test_bad_wishes_are_refused_with_their_field(cast: Cast, options: dict, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        services.create_token(actor=cast.owner, person=cast.owner, **{"name": "x", **options})
    assert [problem.path for problem in caught.value.problems] == [path]


def test_write_includes_read(cast: Cast) -> None:
    token, _ = services.create_token(actor=cast.owner, person=cast.owner, name="x", scopes=["write"])
    assert token.scopes == ["read", "write"]


def test_only_its_person_and_admins_revoke_a_token(cast: Cast) -> None:
    token, _ = services.create_token(actor=cast.owner, person=cast.owner, name="x")
    for stranger in (cast.steward, cast.consumer, cast.guest):
        with pytest.raises(NotFound):
            services.revoke_token(actor=stranger, token=token)
    assert services.revoke_token(actor=cast.admin, token=token).revoked_at is not None
    again = services.revoke_token(actor=cast.owner, token=token)
    assert again.revoked_at == token.revoked_at
    assert AuditEvent.objects.filter(verb="token.revoked").count() == 1
