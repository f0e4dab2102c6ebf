"""When a daily e-mail goes out: at the same hour of everybody's own day. Pure, beside the hour of the settings."""

import datetime as dt
import zoneinfo

from django.conf import settings


def next_digest(time_zone: str, now: dt.datetime) -> dt.datetime:
    """The next time it is DIGEST_HOUR in `time_zone` (UTC where there is no such zone), as UTC."""
    try:
        zone: dt.tzinfo = zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        zone = dt.UTC
    today = now.astimezone(zone).date()
    days = (today, today + dt.timedelta(days=1))
    times = [dt.datetime.combine(day, dt.time(settings.DIGEST_HOUR), zone).astimezone(dt.UTC) for day in days]
    return times[0] if times[0] > now else times[1]
