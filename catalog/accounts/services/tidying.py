"""Taking away what nobody can use any more."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from catalog.accounts.models import Invitation, Session


def forget_expired() -> dict[str, int]:
    """Delete ended sessions, links that ended RETAIN_LINKS_DAYS ago, and wrong sign-ins that no longer count.

    How many of each. Tokens stay: their names and ends belong to the history of an account.
    """
    now, kept = timezone.now(), timedelta(days=settings.RETAIN_LINKS_DAYS)
    sessions = Session.objects.filter(expire_date__lte=now).delete()[0]
    links = Invitation.objects.filter(expires_at__lt=now - kept).delete()[0] if kept else 0
    cooloff = settings.AXES_COOLOFF_TIME  # a wrong sign-in from the future: the clock was set back since
    past = Q(attempt_time__lt=now - cooloff) | Q(attempt_time__gt=now + cooloff)
    attempts = AccessAttempt.objects.filter(past).delete()[0]
    return {"sessions": sessions, "links": links, "attempts": attempts}
