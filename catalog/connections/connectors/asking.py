"""Asking one HTTP(S) address through the guarded client, with a token where one is needed."""

import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from catalog.common.outbound import Limits, Outbound, OutboundError, Reply
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import ErrorCode, ObservedTls

TOKEN_FIELDS: Final = (
    ConfigField(
        name="header", label="Name of the header with the token", default="Authorization", maximum=80
    ),
    ConfigField(
        name="token", label="Value of that header", secret=True, help="For example: Bearer and the token."
    ),
)
_REMEDIES: Final[dict[ErrorCode, str]] = {
    "not_allowed": "Name another address, or ask an administrator.",
    "unreachable": "Check the address, and that the server runs.",
    "refused": "Check the token or header.",
    "gone": "Check the address.",
    "too_slow": "Ask for a smaller answer, or crawl at another time.",
    "too_large": "Ask for a smaller answer.",
    "malformed": "Check with the people who run the server.",
}


class Asking:
    """A request whose errors are the connector's, also those of reading the body."""

    def __init__(self, client: Outbound, url: str, headers: Mapping[str, str]) -> None:
        self._request = client.request("GET", url, headers=headers)

    def __enter__(self) -> Reply:
        try:
            return self._request.__enter__()
        except OutboundError as error:
            raise as_source_error(error) from error

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._request.__exit__(kind, error, trace)
        except OutboundError as outbound:
            raise as_source_error(outbound) from outbound


def ask(
    config: Config, context: CrawlContext, *, accept: str, most_bytes: int, verify: ssl.SSLContext | None
) -> Asking:
    """A GET of the configured address, at most `most_bytes` of it. Raises SourceError."""
    headers = {"accept": accept}
    if config.get("token"):
        name, token = str(config["header"]), str(config["token"])
        if not (name + token).isprintable() or not token.isascii() or not name.replace("-", "").isalnum():
            raise SourceError(
                "malformed", "The header or its value holds characters HTTP forbids.", "Correct it."
            )
        headers[name] = token
    limits = Limits(seconds=context.remaining(), wire_bytes=2 * most_bytes, decoded_bytes=2 * most_bytes)
    return Asking(Outbound(context.allow_list, limits, verify), config["url"], headers)


def whole(reply: Reply) -> bytes:
    """The body of an answer. Raises SourceError."""
    try:
        return reply.read()
    except OutboundError as error:
        raise as_source_error(error) from error


def as_source_error(error: OutboundError) -> SourceError:
    """The client's error as a connector's."""
    return SourceError(error.code, error.message, _REMEDIES.get(error.code, ""))


def tls_of(reply: Reply) -> ObservedTls:
    """What was seen of the encryption on the way to an answer."""
    if urlsplit(reply.url).scheme != "https":
        return ObservedTls(version="")
    return ObservedTls(version=reply.tls.version, certificate_ends_at=reply.tls.certificate_ends_at)
