"""The two halves of signing in: sending the browser to the provider, and believing it when it comes back.

What belongs to an attempt (state, nonce, PKCE verifier, where to go afterwards) is kept in the browser's session,
good once and for ten minutes. A callback without it (another browser, a second use, a forged link) is refused.
"""

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import QueryDict

from catalog.identity.oidc import provider
from catalog.identity.oidc.errors import SignInRefused, bad_token
from catalog.identity.oidc.tokens import claims_of

KEY = "_oidc_attempts"
LEAVING = (
    "_oidc_leaving"  # in the session: the ID token, which names the session to the provider when it ends
)
SECONDS = 600  # an attempt is good for so long
MOST = 5  # attempts open at a time in one browser: tabs


@dataclass(frozen=True, slots=True)
class Proof:
    """Who the provider says somebody is, and where they wanted to go."""

    claims: dict[str, Any]
    id_token: str
    after: str


def start(session: SessionBase, *, redirect_uri: str, after: str) -> str:
    """Open an attempt; the address at the provider to go to. Raises SignInRefused when it cannot be reached."""
    description = provider.describe()
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    now = time.time()
    open_ones = {key: kept for key, kept in _attempts(session).items() if now - kept["at"] < SECONDS}
    for oldest in list(open_ones)[: max(0, len(open_ones) - MOST + 1)]:
        del open_ones[oldest]
    session[KEY] = open_ones | {state: {"nonce": nonce, "verifier": verifier, "after": after, "at": now}}
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "response_type": "code",
        "client_id": settings.OIDC.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(settings.OIDC.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    glue = "&" if "?" in description.authorization else "?"
    return description.authorization + glue + urlencode(parameters)


def finish(session: SessionBase, answer: QueryDict, *, redirect_uri: str) -> Proof:
    """What the provider's answer proves; uses the attempt up whatever comes of it. Raises SignInRefused."""
    attempt = _take(session, answer.get("state", ""))
    if (issuer := answer.get("iss")) is not None and issuer != settings.OIDC.issuer:  # RFC 9207
        raise bad_token("it comes from another provider.")
    if "error" in answer:
        raise _said_no(answer.get("error", ""))
    code = answer.get("code", "")
    if not code or len(code) > 4096:
        raise SignInRefused("no_code", "The identity provider sent no answer that can be used.")
    description = provider.describe()
    token = provider.token_for(
        description, code=code, verifier=attempt["verifier"], redirect_uri=redirect_uri
    )
    access_token = token.get("access_token") if isinstance(token.get("access_token"), str) else ""
    claims = claims_of(
        token["id_token"],
        issuer=description.issuer,
        client_id=settings.OIDC.client_id,
        nonce=attempt["nonce"],
        algorithms=description.algorithms,
        keys=lambda again: provider.keys(description, again=again),
        access_token=access_token or "",
    )
    return Proof(_completed(claims, description, access_token or ""), token["id_token"], attempt["after"])


def _completed(
    claims: dict[str, Any], description: provider.Description, access_token: str
) -> dict[str, Any]:
    """With what only the userinfo endpoint tells, when something the portal reads is missing in the token."""
    oidc = settings.OIDC
    wanted = {oidc.username_claim, "name", "email"} | ({oidc.groups_claim} if oidc.groups_claim else set())
    if wanted <= claims.keys():
        return claims
    more = provider.more_about(description, access_token)
    if more and more.get("sub") != claims["sub"]:
        raise bad_token("its parts speak of different people.")
    return {**more, **claims}


def _attempts(session: SessionBase) -> dict[str, dict[str, Any]]:
    found = session.get(KEY)
    return found if isinstance(found, dict) else {}


def _take(session: SessionBase, state: str) -> dict[str, Any]:
    attempts = dict(_attempts(session))
    known = next((key for key in attempts if hmac.compare_digest(key.encode(), state.encode())), None)
    attempt = attempts.pop(known) if known else None
    if known:
        session[KEY] = attempts
        session.save()  # used up before anything else is done with it
    if attempt is None or not 0 <= time.time() - attempt["at"] < SECONDS:
        raise SignInRefused(
            "unknown_attempt",
            "This sign-in was not begun in this browser, was finished already, or took longer than ten minutes.",
            "Go back to the sign-in page and begin again there.",
        )
    return attempt


def _said_no(code: str) -> SignInRefused:
    if code == "access_denied":
        return SignInRefused(
            "said_no",
            "The identity provider says that signing in was cancelled or is not allowed for you.",
            status=403,
        )
    plain = code if code.isascii() and code.replace("_", "").isalnum() and len(code) < 60 else "an error"
    return SignInRefused("said_no", f"The identity provider answered “{plain}” instead of signing you in.")


def leave(*, id_token: str, back_to: str) -> str:
    """The provider's address for ending its own session (RP-Initiated Logout 1.0); empty when it has none."""
    try:
        address = provider.describe().end_session
    except SignInRefused:
        return ""
    if not address:
        return ""
    parameters = {"client_id": settings.OIDC.client_id, "post_logout_redirect_uri": back_to}
    if id_token:
        parameters["id_token_hint"] = id_token
    return address + ("&" if "?" in address else "?") + urlencode(parameters)
