"""An S3-compatible bucket through the guarded HTTP client: list it, read objects in whole or in part.

Source of the protocol: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html and API_GetObject.html.
Every request goes to the address the allow-list checked; no redirect is followed (a bucket of another region answers
with one, and the signature would not hold there).
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus, urlsplit
from xml.etree import ElementTree

from catalog.common.outbound import Limits, Outbound, OutboundError, Reply, Tls
from catalog.connections.connectors.base import CrawlContext
from catalog.connections.connectors.config import Config
from catalog.connections.connectors.errors import SourceError, redact
from catalog.connections.connectors.observations import ErrorCode
from catalog.connections.connectors.sigv4 import Keys, encoded, query_of, signed_headers

LISTING_BYTES = 16 * 1024 * 1024  # of one page of a listing
ERROR_BYTES = 64 * 1024
RANGELESS_BYTES = 16 * 1024 * 1024  # read to no purpose where a server ignores that a part was asked for
PAGE_KEYS = 1_000
LONGEST_KEY = 4_096  # characters; S3 allows 1,024 bytes, and a listing is held as a whole
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]\Z")
_DNS_LABEL = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]\Z")
_REGION = re.compile(r"[a-z0-9-]{1,40}\Z")
_SIGN_IN = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "ExpiredToken",
        "TokenRefreshRequired",
        "InvalidClientTokenId",
        "AuthFailure",
    }
)
_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout"})
KEYS_REMEDY = "Check access key and secret key; temporary ones also need their session token."


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as a listing tells it. `modified_at` has a time zone; None where the store lies about it."""

    key: str
    size: int
    modified_at: datetime | None


@dataclass(slots=True)
class Listing:
    """What a bounded look into a bucket found. `is_whole` is false when it ended at the limit."""

    objects: list[StoredObject]
    is_whole: bool
    latency_ms: float
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket and how it is asked; make it by `opened`."""

    client: Outbound
    context: CrawlContext
    name: str
    region: str
    base: str  # scheme and host, with the port unless it is the usual one
    path: str  # encoded, in front of every key: "/" or "/bucket/"
    keys: Keys | None

    def pages(self, prefix: str, most: int) -> Iterator[Listing]:
        """The objects below a prefix page by page, at most `most` keys in all. Raises SourceError."""
        token, seen = "", 0
        while True:
            self.context.remaining()
            asked = [("encoding-type", "url"), ("list-type", "2"), ("max-keys", str(PAGE_KEYS))]
            asked += [("prefix", prefix)] if prefix else []
            asked += [("continuation-token", token)] if token else []
            with self._asked("", query_of(asked), {}, LISTING_BYTES) as reply:
                body, latency, tls = _body(reply, LISTING_BYTES), reply.latency_ms, reply.tls
            found, following = _parsed(body)
            seen += len(found)
            is_cut = bool(following) and seen >= most
            yield Listing(found, not is_cut, latency, tls if self.base.startswith("https:") else None)
            if not following or is_cut:
                return
            if following == token or not found:
                raise SourceError("malformed", "The listing does not come to an end.", "Tell its operator.")
            token = following

    def listed(self, prefix: str, most: int) -> Listing:
        """All pages as one."""
        pages = list(self.pages(prefix, most))
        objects = [item for page in pages for item in page.objects]
        return Listing(objects[:most], pages[-1].is_whole, pages[0].latency_ms, pages[0].tls)

    @contextmanager
    def opened_object(self, key: str, *, start: int | None = None, length: int = 0) -> Iterator[Reply]:
        """An object's answer, whole, or `length` bytes from `start` on. Raises SourceError."""
        headers = {} if start is None else {"range": f"bytes={start}-{start + length - 1}"}
        with self._asked(key, "", headers) as reply:
            yield reply

    def part(self, key: str, start: int, length: int) -> bytes:
        """Exactly these bytes of an object; one that is shorter than was listed is malformed."""
        with self.opened_object(key, start=start, length=length) as reply:
            skipped = start if reply.status == 200 else 0  # a server that knows no ranges sends all of it
            if skipped > RANGELESS_BYTES:
                raise SourceError("unsupported", "The store cannot send parts of objects.", "Use another.")
            body = _taken(reply, skipped + length)[skipped:]
        if len(body) != length:
            raise SourceError("malformed", f"{key} is shorter than the listing says.", "List it again.")
        return body

    @contextmanager
    def _asked(self, key: str, query: str, headers: dict[str, str], most: int = 0) -> Iterator[Reply]:
        for attempt in (1, 2):
            path = self.path + encoded(key, "/") if key else self.path.rstrip("/") or "/"
            url = f"{self.base}{path}" + (f"?{query}" if query else "")
            try:
                with self.client.request(
                    "GET", url, headers=self._headers(path, query, headers), any_status=True
                ) as reply:
                    if reply.status < 300:
                        yield reply
                        return
                    failure = self._failure(reply, key)
            except OutboundError as error:
                raise _translated(error) from error
            if failure.code != "unreachable" or attempt == 2:
                raise failure
            time.sleep(min(0.3, self.context.remaining()))

    def _headers(self, path: str, query: str, headers: dict[str, str]) -> dict[str, str]:
        plain = {"accept-encoding": "identity", **headers}
        if self.keys is None:
            return plain
        return signed_headers(
            self.keys,
            method="GET",
            host=urlsplit(self.base).netloc,
            path=path,
            query=query,
            region=self.region,
            now=self.context.now(),
            headers=plain,
        )

    def _failure(self, reply: Reply, key: str) -> SourceError:
        """The store's own words for a refusal, in ours."""
        try:
            body = _body(reply, ERROR_BYTES)
        except SourceError:
            body = b""
        code, message = _error_of(body)
        elsewhere = reply.headers.get("x-amz-bucket-region", "")
        if reply.status in {301, 302, 307, 308} or code in {
            "AuthorizationHeaderMalformed",
            "PermanentRedirect",
        }:
            where = f" It lies in the region {redact(elsewhere)[:40]}." if elsewhere else ""
            return SourceError(
                "malformed",
                f"The bucket is asked at the wrong place.{where}",
                "Set region and endpoint right.",
            )
        if code in _SIGN_IN:
            return SourceError("refused", f"The store does not accept the keys ({code}).", KEYS_REMEDY)
        if code == "RequestTimeTooSkewed":
            return SourceError(
                "refused", "The clocks of store and portal differ.", "Set the clock of the portal."
            )
        if reply.status in {401, 403}:
            what = f"reading {key}" if key else "listing the bucket"
            remedy = "Allow s3:GetObject." if key else "Allow s3:ListBucket, or name keys that may."
            return SourceError("refused", f"The store forbids {what} ({code or reply.status}).", remedy)
        if code == "NoSuchBucket" or (reply.status == 404 and not key):
            return SourceError(
                "gone", f"There is no bucket called {self.name}.", "Check bucket and endpoint."
            )
        if reply.status == 404:
            return SourceError("gone", f"{key} is not there any more.", "Browse the bucket again.")
        said = redact(f"{code or reply.status} {message}".strip())
        if reply.status >= 500 or reply.status in {408, 429} or code in _BUSY:
            return SourceError("unreachable", f"The store cannot answer at the moment: {said}.", "Try later.")
        return SourceError(
            "malformed", f"The store refuses the request: {said}.", "Check endpoint and bucket."
        )


@contextmanager
def opened(config: Config, context: CrawlContext) -> Iterator[Bucket]:
    """The bucket of a configuration, over connections that are kept until the block ends. Raises SourceError."""
    name, region = str(config["bucket"]), str(config["region"] or "us-east-1")
    if not _BUCKET.match(name):
        raise SourceError(
            "malformed", "This cannot be a bucket's name.", "Name the bucket alone, without s3://."
        )
    if not _REGION.match(region):
        raise SourceError("malformed", "This cannot be a region.", "Write it like eu-central-1.")
    base, path = address_of(name, region, str(config["endpoint"]), str(config["addressing"]))
    limits = Limits(seconds=context.remaining(), wire_bytes=1 << 50, decoded_bytes=1 << 50, redirects=0)
    with Outbound(context.allow_list, limits).session() as client:
        yield Bucket(client, context, name, region, base, path, _keys(config))


def address_of(bucket: str, region: str, endpoint: str, addressing: str) -> tuple[str, str]:
    """Scheme with host, and the encoded path before a key. AWS gets the bucket in the host name, others in the path."""
    url = endpoint or f"https://s3.{region}.amazonaws.com"
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    is_name = bool(_DNS_LABEL.match(bucket))
    in_host = addressing == "host" or (addressing == "auto" and not endpoint and is_name)
    base = encoded(parts.path.rstrip("/"), "/%")
    if in_host:
        return f"{parts.scheme}://{bucket.lower()}.{host}{port}", f"{base}/"
    return f"{parts.scheme}://{host}{port}", f"{base}/{encoded(bucket)}/"


def _keys(config: Config) -> Keys | None:
    access, secret = str(config.get("access_key") or ""), str(config.get("secret_key") or "")
    token = str(config.get("session_token") or "")
    if not access and not secret:
        return None
    if not access or not secret:
        raise SourceError("refused", "Access key and secret key belong together.", "Enter both, or none.")
    if not all(text.isascii() and text.isprintable() for text in (access, secret, token)):
        raise SourceError("refused", "A key holds characters that no key has.", "Copy it anew.")
    return Keys(access.strip(), secret.strip(), token.strip())


def _translated(error: OutboundError) -> SourceError:
    remedies: dict[ErrorCode, str] = {
        "not_allowed": "Name another endpoint, or ask an administrator.",
        "unreachable": "Check the endpoint, and that the store runs.",
        "too_slow": "Narrow the prefix, or crawl at another time.",
    }
    return SourceError(error.code, error.message, remedies.get(error.code, "Check the endpoint."))


def pieces_of(reply: Reply) -> Iterator[bytes]:
    """The body of an answer with the portal's errors."""
    try:
        yield from reply.pieces()
    except OutboundError as error:
        raise _translated(error) from error


def _taken(reply: Reply, most: int) -> bytes:
    """The first bytes of an answer; what else it sends is not read."""
    held = bytearray()
    for piece in pieces_of(reply):
        held += piece
        if len(held) >= most:
            break
    return bytes(held[:most])


def _body(reply: Reply, most: int) -> bytes:
    """At most that many bytes; more is an error, because half an answer says nothing."""
    held, size = [], 0
    for piece in pieces_of(reply):
        held.append(piece)
        size += len(piece)
        if size > most:
            raise SourceError("too_large", f"An answer has more than {most:,} bytes.", "Check the endpoint.")
    return b"".join(held)


class _Plain(ElementTree.TreeBuilder):
    """Refuses document types: no store sends one, and entities are how XML does harm."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise SourceError("malformed", "The answer is no listing of a bucket.", "Check the endpoint.")


def _tree(body: bytes) -> ElementTree.Element:
    parser = ElementTree.XMLParser(target=_Plain())  # noqa: S314  # document types and entities are refused
    parser.feed(body)
    root: ElementTree.Element = parser.close()
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _parsed(body: bytes) -> tuple[list[StoredObject], str]:
    """The objects of a page, and the token of the next one. Raises SourceError(malformed)."""
    try:
        root = _tree(body)
        if root.tag != "ListBucketResult":
            raise ValueError(root.tag)
        is_url = root.findtext("EncodingType") == "url"
        found = [_object(item, is_url) for item in root.iterfind("Contents")]
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SourceError(
            "malformed", "The answer is no listing of a bucket.", "Check that the endpoint speaks S3."
        ) from error
    is_cut = root.findtext("IsTruncated", "").strip().lower() == "true"
    return found, root.findtext("NextContinuationToken", "") if is_cut else ""


def _object(item: ElementTree.Element, is_url: bool) -> StoredObject:
    key = item.findtext("Key", "")
    if len(key) > 3 * LONGEST_KEY:  # encoded
        raise ValueError("a key that no store allows")
    stamp = item.findtext("LastModified", "")
    try:
        moment = datetime.fromisoformat(stamp) if stamp else None
    except ValueError:
        moment = None
    return StoredObject(
        unquote_plus(key) if is_url else key,
        max(int(item.findtext("Size", "0")), 0),
        moment if moment and moment.tzinfo else None,
    )


def _error_of(body: bytes) -> tuple[str, str]:
    try:
        root = _tree(body)
    except (ElementTree.ParseError, SourceError, ValueError, LookupError):
        return "", ""
    code = re.sub(r"[^A-Za-z0-9]", "", root.findtext("Code", ""))[:60]
    return code, root.findtext("Message", "")[:200]
