"""What the portal asks the provider: its description, its keys, a token for a code, more about a person.

OpenID Connect Core 1.0 and Discovery 1.0. Every question goes through the guarded client; the issuer's own host is
allowed because the operator named it, other hosts it points to must be public or allowed by name.
"""

import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from django.conf import settings
from django.core.cache import cache

from catalog.common.allow_list import AllowList
from catalog.common.outbound import Limits, Outbound, OutboundError
from catalog.identity.oidc.errors import SignInRefused, provider_down

LIMITS = Limits(seconds=10, connect_seconds=5, wire_bytes=1_000_000, decoded_bytes=1_000_000, redirects=0)
KEPT_SECONDS = 3600  # the description and the keys
AGAIN_SECONDS = 60  # an unknown key is looked for anew no more often
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Description:
    """What the provider says of itself, checked."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    end_session: str
    algorithms: tuple[str, ...]
    token_methods: tuple[str, ...]


def describe() -> Description:
    """The provider's description, kept for an hour. Raises SignInRefused when it cannot be had or is not right."""
    key = f"oidc:description:{settings.OIDC.issuer}"
    document = cache.get(key)
    if document is None:
        document = _json("GET", settings.OIDC.issuer.rstrip("/") + "/.well-known/openid-configuration")
        description = _checked(document)
        cache.set(key, document, KEPT_SECONDS)
        return description
    return _checked(document)


def _checked(document: Any) -> Description:
    if not isinstance(document, dict) or document.get("issuer") != settings.OIDC.issuer:
        raise provider_down("It calls itself otherwise than the portal was told (MESHPORTAL_OIDC_ISSUER).")
    found = {
        name: document.get(name) or "" for name in (*NEEDED, "userinfo_endpoint", "end_session_endpoint")
    }
    for name, value in found.items():
        if (name in NEEDED or value) and not _is_safe(value):
            raise provider_down(f"Its description has no usable {name}.")
    return Description(
        settings.OIDC.issuer,
        found["authorization_endpoint"],
        found["token_endpoint"],
        found["jwks_uri"],
        found["userinfo_endpoint"],
        found["end_session_endpoint"],
        _texts(document.get("id_token_signing_alg_values_supported")) or ("RS256",),
        _texts(document.get("token_endpoint_auth_methods_supported")) or ("client_secret_basic",),
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _is_safe(address: Any) -> bool:
    """https, or http on this very machine: codes and secrets travel there."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


def keys(description: Description, *, again: bool = False) -> list[dict[str, Any]]:
    """The provider's public keys; `again` asks anew, at most once a minute, since providers change them."""
    key = f"oidc:keys:{description.keys}"
    held = cache.get(key)
    if held is None or (again and cache.add(f"{key}:again", 1, AGAIN_SECONDS)):
        document = _json("GET", description.keys)
        told = document.get("keys") if isinstance(document, dict) else None
        held = [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []
        cache.set(key, held, KEPT_SECONDS)
    found: list[dict[str, Any]] = held
    return found


def token_for(description: Description, *, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
    """The token answer for a code. SignInRefused when the provider refuses it (used before, too old, not ours)."""
    oidc = settings.OIDC
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": oidc.client_id,
    }
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if oidc.client_secret:
        if (
            "client_secret_basic" in description.token_methods
            or "client_secret_post" not in description.token_methods
        ):
            pair = f"{quote_plus(oidc.client_id)}:{quote_plus(oidc.client_secret)}"  # RFC 6749, 2.3.1
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form["client_secret"] = oidc.client_secret
    answer = _json(
        "POST", description.token, headers=headers, content=urlencode(form).encode(), refusable=True
    )
    if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
        raise SignInRefused("no_token", "The identity provider did not accept this sign-in.")
    return answer


def more_about(description: Description, access_token: str) -> dict[str, Any]:
    """The claims of the userinfo endpoint as JSON; empty when there is none. The caller checks their `sub`."""
    if not description.userinfo or not access_token:
        return {}
    headers = {"authorization": f"Bearer {access_token}", "accept": "application/json"}
    told = _json("GET", description.userinfo, headers=headers)
    return told if isinstance(told, dict) else {}


def _client() -> Outbound:
    oidc = settings.OIDC
    ports = [int(port) for port in settings.ALLOWED_PORTS]
    allowed = AllowList.of([*settings.ALLOWED_PRIVATE_HOSTS, oidc.host_and_port], ports)
    return Outbound(
        allowed, LIMITS, ssl.create_default_context(cafile=oidc.ca_file) if oidc.ca_file else None
    )


def _json(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    refusable: bool = False,
) -> Any:
    """The JSON at an address; None for a refusal (status 400 to 499) where that is an answer."""
    try:
        with _client().request(method, url, headers=headers, content=content, any_status=True) as reply:
            body = reply.read()
        if refusable and 400 <= reply.status < 500:
            return None
        if reply.status != 200:
            raise provider_down(f"It answered with status {reply.status}.")
        return json.loads(body)
    except OutboundError as error:
        raise provider_down(error.message) from error
    except (OSError, ValueError, RecursionError) as error:
        raise provider_down("What it answered cannot be read.") from error
