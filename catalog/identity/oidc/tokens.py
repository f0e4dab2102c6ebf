"""Whether an ID token proves who somebody is: OpenID Connect Core 1.0, 3.1.3.7. Pure: no request, no database."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any

import jwt

from catalog.identity.oidc.errors import bad_token

# Signatures by a key the provider alone has. Never `none`, never a shared secret (HS…).
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 60  # seconds by which two clocks may differ
LONGEST = 100_000  # letters of a token
Keys = Callable[[bool], list[dict[str, Any]]]  # True: ask the provider anew


def claims_of(
    token: str,
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    algorithms: Iterable[str],
    keys: Keys,
    access_token: str,
) -> dict[str, Any]:
    """The claims of a token that is signed, for us, by the provider, in time, for this very attempt.

    Raises SignInRefused otherwise. `algorithms` are those the provider says it uses.
    """
    allowed = [name for name in ALGORITHMS if name in set(algorithms)] or ["RS256"]
    if len(token) > LONGEST:
        raise bad_token("the token is too long.")
    key = _key_for(token, allowed, keys)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=allowed,
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise bad_token(_words(error)) from error
    _check_rest(claims, client_id, nonce)
    _check_hash(claims, access_token, jwt.get_unverified_header(token)["alg"])
    return claims


def _key_for(token: str, allowed: list[str], keys: Keys) -> Any:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise bad_token("it is no signed token.") from error
    if header.get("alg") not in allowed:
        raise bad_token("it is not signed in a way that is believed.")
    for again in (False, True):
        fitting = [item for item in keys(again) if _fits(item, header)]
        if fitting and (header.get("kid") or len(fitting) == 1):
            try:
                return jwt.PyJWK(fitting[0], algorithm=header["alg"]).key
            except (jwt.PyJWTError, ValueError, TypeError) as error:
                raise bad_token("the provider's key cannot be used.") from error
    raise bad_token("it is signed with a key the provider does not list.")


def _fits(key: dict[str, Any], header: dict[str, Any]) -> bool:
    kinds = {"R": "RSA", "P": "RSA", "E": "OKP" if header["alg"] == "EdDSA" else "EC"}
    return (
        key.get("kty") == kinds[header["alg"][0]]
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and (not header.get("kid") or key.get("kid") == header["kid"])
    )


def _check_rest(claims: dict[str, Any], client_id: str, nonce: str) -> None:
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        raise bad_token("it belongs to another attempt to sign in.")
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise bad_token("it was made for another application.")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\x00" in subject:
        raise bad_token("it names nobody.")


def _check_hash(claims: dict[str, Any], access_token: str, algorithm: str) -> None:
    """`at_hash` binds the access token to the ID token (3.1.3.8); optional in this flow, wrong never."""
    told = claims.get("at_hash")
    if told is None or not access_token or algorithm == "EdDSA":
        return
    digest = hashlib.new(f"sha{algorithm[-3:]}", access_token.encode()).digest()
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), expected.encode()):
        raise bad_token("its parts do not belong together.")


def _words(error: Exception) -> str:
    known: tuple[tuple[type[Exception], str], ...] = (
        (jwt.ExpiredSignatureError, "it has expired; the clocks of portal and provider may differ."),
        (jwt.InvalidAudienceError, "it was made for another application."),
        (jwt.InvalidIssuerError, "it comes from another provider."),
        (jwt.ImmatureSignatureError, "it is not valid yet; the clocks of portal and provider may differ."),
        (jwt.InvalidSignatureError, "its signature is wrong."),
        (jwt.MissingRequiredClaimError, "something is missing in it."),
    )
    return next((words for kind, words in known if isinstance(error, kind)), "it cannot be believed.")
