"""Signing in as a person does it: through a provider in its own process, and with a second factor."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from catalog.accounts.models import Membership, Session, User
from catalog.identity import services, totp
from catalog.identity.models import ProviderAccount
from meshportal.identity import Oidc
from tests.conftest import Cast
from tests.identity_provider import CLIENT, SECRET, running_provider
from tests.journeys.conftest import PageFor
from tests.journeys.test_pages import PICTURES, look_at
from tests.journeys.watched import Watched

Look = Callable[[Watched, str], None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Look:
    """Looks at the page that is open in both schemes and all widths; pictures with `--pictures`."""
    pictures = bool(request.config.getoption("--pictures", default=False))
    if pictures:
        PICTURES.mkdir(exist_ok=True)

    def looked(watched: Watched, name: str) -> None:
        look_at(watched, name, pictures=pictures)
        watched.page.set_viewport_size({"width": 1440, "height": 900})

    return looked


@pytest.fixture
def issuer(settings: Settings) -> Iterator[str]:
    cache.clear()
    with running_provider() as address:
        settings.OIDC = Oidc(address, CLIENT, SECRET, groups_claim="groups", label="Sign in with Example ID")
        yield address
    cache.clear()


def test_a_person_comes_through_the_provider_with_the_roles_of_their_groups(
    cast: Cast, page_for: PageFor, issuer: str, look: Look
) -> None:
    services.link_account(actor=cast.admin, person=cast.guest, subject="subject-of-anna")
    services.create_group_rule(actor=cast.admin, group="data", role="viewer", team=cast.listening_team)
    watched = page_for(None)
    page = watched.page
    page.goto("/teams/listening-team/")
    look(watched, "sign-in-provider")
    page.get_by_role("link", name="Sign in with Example ID").click()
    page.get_by_role("heading", name="Who are you?").wait_for()
    page.get_by_role("link", name="Sign in as anna").click()
    page.get_by_role("heading", name="Listening team").wait_for()
    assert page.url.endswith("/teams/listening-team/")
    assert Membership.objects.filter(user=cast.guest, is_from_provider=True).exists()
    page.goto("/account/sessions/")
    page.get_by_text("this browser").wait_for()
    page.goto("/account/")
    page.locator("form[action='/account/logout/'] button").first.evaluate("button => button.form.submit()")
    page.get_by_role("link", name="Sign out of the identity provider as well").click()
    page.get_by_role("heading", name="Signed out at the provider").wait_for()
    page.get_by_role("link", name="Back").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    assert not Session.objects.filter(user=cast.guest).exists()


def test_a_person_the_portal_does_not_know_reads_what_to_do(
    cast: Cast, page_for: PageFor, issuer: str, look: Look
) -> None:
    watched = page_for(None)
    page = watched.page
    page.goto("/account/login/")
    page.get_by_role("link", name="Sign in with Example ID").click()
    page.get_by_role("link", name="Sign in as boris").click()
    page.get_by_role("heading", name="You are not signed in").wait_for()
    assert page.get_by_text("subject-of-boris").first.is_visible()
    watched.forgive(403)
    look(watched, "sign-in-refused")
    assert not ProviderAccount.objects.exists()


def test_a_second_factor_is_set_up_and_asked_for(cast: Cast, page_for: PageFor, look: Look) -> None:
    watched, stranger = page_for(cast.owner), page_for(None)
    page, other = watched.page, stranger.page
    page.goto("/account/")
    page.get_by_role("link", name="Second factor").click()
    assert page.get_by_role("img", name=re.compile("QR code")).is_visible()
    secret = page.locator("p code").last.inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Code").fill(totp.code_at(secret, int(time.time() // 30)))
    page.get_by_role("button", name="Use this app").click()
    page.get_by_text("Keep these recovery codes").wait_for()
    look(watched, "second-factor-codes")
    User.objects.get(pk=cast.owner.pk).second_factor.__class__.objects.update(last_step=0)
    other.goto("/account/login/?next=/teams/")
    other.get_by_label("Username").fill("owner")
    other.get_by_label("Password").fill("a-long-password")
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("heading", name="One more step").wait_for()
    look(stranger, "second-factor-challenge")
    other.get_by_role("textbox", name="Code").fill(totp.code_at(secret, int(time.time() // 30)))
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("heading", name="Teams").wait_for()
