"""The command prints the token and nothing else."""

import io

import pytest
from django.core.management import CommandError, call_command

from catalog.accounts.models import ApiToken
from catalog.accounts.services.tokens import digest_of
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_standard_output_is_the_token_alone(cast: Cast) -> None:
    printed = run("Owner", "--name", "ci", "--days", "7", "--scope", "read")
    assert printed == printed.strip() + "\n"
    token = ApiToken.objects.get(digest=digest_of(printed.strip()))
    assert (token.user, token.name, token.scopes) == (cast.owner, "ci", ["read"])
    assert (token.expires_at - token.created_at).days in {6, 7}


@pytest.mark.parametrize(
    "arguments", [("nobody",), ("owner", "--days", "0"), ("owner", "--days", "9999"), ("owner", "--name", "")]
)
def test_what_cannot_be_is_said_and_leaves_nothing(cast: Cast, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert not ApiToken.objects.exists()


def test_a_deactivated_person_gets_none(cast: Cast) -> None:
    cast.owner.is_active = False
    cast.owner.save()
    with pytest.raises(CommandError, match="deactivated"):
        run("owner")
