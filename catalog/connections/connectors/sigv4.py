"""AWS Signature Version 4 for requests without a body, as S3 and everything compatible with it ask for.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (canonical request, string to
sign, signing key). The tests hold it against AWS's own signer. It is ours because the libraries that sign also bring
a network of their own, which cannot be kept to checked addresses.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs. `token` belongs to temporary credentials."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


def encoded(text: str, safe: str = "") -> str:
    """Percent-encoding as the signature counts it: all but letters, digits and `-._~`."""
    return quote(text.encode(), safe="-._~" + safe)


def query_of(parameters: Sequence[tuple[str, str]]) -> str:
    """The canonical query, which is also the one to send."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed_headers(
    keys: Keys,
    *,
    method: str,
    host: str,
    path: str,
    query: str,
    region: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """`headers` with those that sign the request; `path` and `query` encoded as they are sent, `host` with its port."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    sent = {**(headers or {}), "x-amz-content-sha256": EMPTY, "x-amz-date": stamp}
    if keys.token:
        sent["x-amz-security-token"] = keys.token
    covered = {"host": host, **{name: value for name, value in sent.items() if name.startswith("x-amz-")}}
    names = ";".join(sorted(covered))
    lines = "".join(f"{name}:{covered[name].strip()}\n" for name in sorted(covered))
    request = "\n".join((method, path, query, lines, names, EMPTY))
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{keys.secret_key}".encode()
    for part in (stamp[:8], region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{keys.access_key}/{scope}"
    sent["authorization"] = (
        f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return sent
