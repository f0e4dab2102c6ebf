"""The first administrator."""

import io

import pytest
from django.core.management import CommandError, call_command

from catalog.accounts import kernel
from catalog.accounts.models import User

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_admin", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_printed_password_is_random_and_good() -> None:
    password = run().strip()
    admin = User.objects.get(username="admin")
    assert admin.check_password(password)
    assert kernel.standing(admin).is_platform_admin
    assert len(password) >= 16


def test_a_second_time_makes_nobody() -> None:
    run()
    with pytest.raises(CommandError, match="already"):
        run("--username", "other")
    assert run("--username", "other", "--if-none") == ""
    assert User.objects.count() == 1


def test_an_account_with_an_impossible_name_is_refused() -> None:
    with pytest.raises(CommandError):
        run("--username", "a b")
    assert not User.objects.exists()
