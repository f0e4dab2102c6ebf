"""What trusted proxies say of a request: who asked, over which scheme, for which host.

Anybody can send `X-Forwarded-…`; they count only when the connection comes from a proxy that is trusted, by its network
(MESHPORTAL_TRUSTED_PROXIES) or by their number (MESHPORTAL_PROXY_COUNT).
"""

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

SCHEME = "meshportal.scheme"  # no header can have this name: only this module writes it


class ForwardedMiddleware:
    """Writes what trusted proxies say where everything behind looks for it, and gives absolute links their host.

    REMOTE_ADDR becomes the client's address, the request is https when it was at the proxy. The headers themselves
    stay, so that the demo's one-click accounts still see that a request was forwarded.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_from_proxy(request):
            request.META["REMOTE_ADDR"] = client_address(request)
            if scheme := _last(request, "X-Forwarded-Proto"):
                request.META[SCHEME] = scheme
            if host := _last(request, "X-Forwarded-Host"):
                request.META["HTTP_HOST"] = host
        if settings.PUBLIC_URL:
            request.build_absolute_uri = _PublicAddress(request)  # type: ignore[method-assign]
        return self.get_response(request)


class _PublicAddress:
    """`build_absolute_uri` of a portal that knows its public address: links in answers always lead there."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def __call__(self, location: str | None = None) -> str:
        if location is None:
            location = self.request.get_full_path()
        if location.startswith("//") or "://" in location.partition("?")[0]:
            return location
        if not location.startswith("/"):
            location = self.request.path.rpartition("/")[0] + "/" + location
        return f"{settings.PUBLIC_URL}{location}"


def is_from_proxy(request: HttpRequest) -> bool:
    """Whether the connection itself comes from a proxy whose words count."""
    if settings.TRUSTED_PROXIES:
        return _is_trusted(str(request.META.get("REMOTE_ADDR", "")))
    return bool(settings.PROXY_COUNT)


def client_address(request: HttpRequest) -> str:
    """The caller's IP address: the connection's or, behind trusted proxies, the entry of X-Forwarded-For that the
    outermost of them wrote. What a client itself puts there is never believed.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if settings.TRUSTED_PROXIES:
        if not _is_trusted(direct):
            return direct
        return next((entry for entry in reversed(chain) if not _is_trusted(entry)), (chain or [direct])[0])
    count: int = settings.PROXY_COUNT
    return chain[-count] if count and len(chain) >= count else direct


def _is_trusted(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _last(request: HttpRequest, header: str) -> str:
    return request.headers.get(header, "").rpartition(",")[2].strip()
