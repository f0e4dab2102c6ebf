"""The way out of e-mail without signing in: an address that says, signed, who and which kinds.

It never ends (RFC 8058 wants it to work for as long as the message may be read) and can only make less e-mail.
"""

from collections.abc import Iterable

from django.core import signing
from django.db import transaction
from django.urls import reverse

from catalog.accounts.models import User
from catalog.notifications import services
from catalog.notifications.models import Channel, Kind
from catalog.notifications.selectors import channels_of

ONE_CLICK = "List-Unsubscribe=One-Click"
_SALT = "catalog.notifications.unsubscribe"


def path(person: User, kinds: Iterable[str]) -> str:
    """The address that ends e-mail of these kinds for `person`."""
    token = signing.Signer(salt=_SALT).sign_object({"person": person.pk, "kinds": sorted(kinds)})
    return reverse("notifications:unsubscribe", args=[token])


def read(token: str) -> tuple[User, list[str]] | None:
    """Whom and which kinds an address means; None for one that is not ours, or of somebody who is gone."""
    try:
        said = signing.Signer(salt=_SALT).unsign_object(token)
        person = User.objects.filter(pk=said["person"]).first()
        kinds = [kind for kind in said["kinds"] if kind in Kind.values]
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return None
    return (person, kinds) if person and kinds else None


@transaction.atomic
def end_mail(*, person: User, kinds: Iterable[str]) -> list[str]:
    """Show these kinds in the portal only, where they came by e-mail; returns those that changed. Harmless twice."""
    channels = channels_of(person)
    mailed = [kind for kind in kinds if channels[kind] in (Channel.AT_ONCE, Channel.DIGEST)]
    services.choose_channels(actor=person, channels=dict.fromkeys(mailed, Channel.PORTAL.value))
    return mailed
