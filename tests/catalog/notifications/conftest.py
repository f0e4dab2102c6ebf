"""What the tests of notifications share."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from catalog.accounts.models import User
from catalog.notifications.models import Kind, Notice, Notification
from catalog.notifications.telling import Draft, fan_out_waiting, tell
from catalog.products.models import DataProduct

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
