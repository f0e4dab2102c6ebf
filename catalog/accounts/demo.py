"""When the sign-in page may offer the accounts of the demo mesh by one click.

They have no password: this door is their only one, so it opens to nobody but the person at this very machine.
Every condition must hold; a proxy in front, even on the same machine, closes it.
"""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

ACCOUNTS = {
    "owner": "owns Play events in Listening",
    "steward": "stewards Playback quality",
    "consumer": "uses what others publish",
    "guest": "has no rights at all",
    "admin": "runs the platform",
}
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
FORWARDING = (  # prefixes of headers that only something between the browser and the portal writes
    "HTTP_X_FORWARD",
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_X_ORIGINAL",
    "HTTP_X_PROXY",
    "HTTP_X_ENVOY",
    "HTTP_X_AMZN",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_",
    "HTTP_FASTLY_",
    "HTTP_CDN_LOOP",
)


def is_offered(request: HttpRequest) -> bool:
    """Whether this request may sign in to a demo account without a password."""
    return (
        settings.DEMO
        and is_loopback(settings.BIND_HOST)
        and is_loopback(request.META.get("REMOTE_ADDR", ""))
        and _host_of(request) in LOCAL_NAMES
        and not any(name.startswith(FORWARDING) for name in request.META)
    )


def is_loopback(address: str) -> bool:
    """Whether an address, or the name `localhost`, cannot be reached from another machine."""
    if address == "localhost":
        return True
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def _host_of(request: HttpRequest) -> str:
    """The Host header without its port, as it was sent: X-Forwarded-Host is never read here."""
    host = str(request.META.get("HTTP_HOST", "")).lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
