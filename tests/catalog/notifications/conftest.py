"""What the tests of notifications share."""

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone

from catalog.accounts.models import User
from catalog.notifications.models import Kind, Notice, Notification
from catalog.notifications.telling import Draft, fan_out_waiting, tell
from catalog.products.models import DataProduct
from meshportal.email import Email
from tests.conftest import Cast
from tests.smtp_server import Mailbox, smtp_server

Told = Callable[..., list[Notification]]


@pytest.fixture
def told() -> Told:
    """Tell one thing of a product and return the notifications that follow."""

    def tell_it(product: DataProduct, title: str = "It is deprecated", **more: Any) -> list[Notification]:
        about = {"product": product.pk, **more.pop("about", {})}
        key = more.pop("key", f"test:{Notice.objects.count()}")
        kind = more.pop("kind", Kind.LIFECYCLE)
        tell([Draft(key, kind, title, link=product.get_absolute_url(), about=about, **more)])
        fan_out_waiting()
        return list(Notification.objects.filter(notice__key=key).select_related("recipient"))

    return tell_it


@pytest.fixture
def one() -> Callable[[User, DataProduct], Notification]:
    """A notification of one person."""

    def make(person: User, product: DataProduct, title: str = "It is deprecated") -> Notification:
        now = timezone.now()
        notice = Notice.objects.create(
            key=f"one:{Notice.objects.count()}", kind=Kind.LIFECYCLE, audience=Notice.Audience.EVERYBODY,
            title=title, link=product.get_absolute_url(), product=product, created_at=now, fanned_out_at=now,
        )  # fmt: skip
        return Notification.objects.create(
            notice=notice, recipient=person, reason=Notification.Reason.OWNER, created_at=now
        )

    return make


@pytest.fixture
def mailbox(settings: Any, cast: Cast) -> Iterator[Callable[..., Mailbox]]:
    """Start a real mail server (options of `smtp_server`) and make it the portal's; everybody has an address."""
    for person in User.objects.all():
        User.objects.filter(pk=person.pk).update(email=f"{person.username}@example.org")
    settings.PUBLIC_URL, settings.SECURE = "https://mesh.example.org", True
    settings.DEFAULT_FROM_EMAIL, settings.EMAIL_TIMEOUT = "Portal <portal@example.org>", 10
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with ExitStack() as running:

        def start(**options: Any) -> Mailbox:
            box = running.enter_context(smtp_server(**options))
            settings.EMAIL = Email(settings.EMAIL_BACKEND, "127.0.0.1", box.port)
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
            return box

        yield start


def parsed(text: str) -> EmailMessage:
    """A message as a mail program reads it."""
    return email.message_from_string(text, policy=email.policy.default)  # type: ignore[return-value]
