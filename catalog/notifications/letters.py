"""What an e-mail of notifications says: a text of one or several, the way to each, and the way out of them."""

import hashlib
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from catalog.accounts.models import User
from catalog.notifications import unsubscribing
from catalog.notifications.models import Notification

LONGEST_SUBJECT = 150


def compose(person: User, rows: Sequence[Notification]) -> EmailMessage:
    """One message about all of `rows` (at least one), which must be visible to `person`.

    The same rows make the same Message-ID, so that mail programs show a message that had to be sent again only once.
    """
    kinds = sorted({row.notice.kind for row in rows})
    way_out = absolute(unsubscribing.path(person, kinds))
    return EmailMessage(
        subject=_subject(rows),
        body="\n".join([*_parts(rows), "", *_foot(rows, way_out)]),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[person.email],
        headers={
            "Message-ID": f"<{_digest(person, rows)}@{_host()}>",
            "Auto-Submitted": "auto-generated",
            **_one_click(way_out),
        },
    )


def _subject(rows: Sequence[Notification]) -> str:
    first = " ".join(rows[0].notice.title.split())
    text = first if len(rows) == 1 else f"{len(rows)} notifications: {first}, …"
    return text if len(text) <= LONGEST_SUBJECT else text[: LONGEST_SUBJECT - 1] + "…"


def _parts(rows: Sequence[Notification]) -> list[str]:
    lines: list[str] = []
    for row in rows:
        notice = row.notice
        when = notice.created_at.strftime("%Y-%m-%d %H:%M UTC")
        lines += ["", notice.title, *([notice.sentence] if notice.sentence else [])]
        lines += [absolute(row.get_absolute_url()), f"{when}, because {row.get_reason_display()}."]
    return lines[1:]


def _foot(rows: Sequence[Notification], way_out: str) -> list[str]:
    labels = sorted({row.notice.get_kind_display() for row in rows})
    return [
        "-- ",
        f"No more e-mail about: {', '.join(labels)}",
        way_out,
        "How you hear of things, and what you watch",
        absolute(reverse("notifications:preferences")),
    ]


def absolute(path: str) -> str:
    """The address of a page for people outside the portal; only the path where MESHPORTAL_PUBLIC_URL is not set."""
    return f"{settings.PUBLIC_URL}{path}"


def _one_click(way_out: str) -> dict[str, str]:
    """RFC 2369, and RFC 8058 which needs https: the mail program's own button ends this kind of e-mail."""
    if not settings.PUBLIC_URL:
        return {}
    headers = {"List-Unsubscribe": f"<{way_out}>"}
    if settings.SECURE:
        headers["List-Unsubscribe-Post"] = unsubscribing.ONE_CLICK
    return headers


def _digest(person: User, rows: Sequence[Notification]) -> str:
    named = f"{settings.INSTALLATION_ID}:{person.pk}:{sorted(row.pk for row in rows)}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _host() -> str:
    return urlsplit(settings.PUBLIC_URL).hostname or "mesh-portal.invalid"
