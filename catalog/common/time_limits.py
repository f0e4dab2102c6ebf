"""The end of a worker's time, by a name services may know: whoever catches every error must let this one pass."""

from celery.exceptions import SoftTimeLimitExceeded as TimeIsUp  # noqa: TID251  # the one name of it for services

__all__ = ["TimeIsUp"]
