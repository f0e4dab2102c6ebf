"""One HTTP(S) address that answers with JSON, JSON lines or CSV, asked through the guarded client."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from catalog.common.outbound import OutboundError, Reply
from catalog.connections.connectors import check_files, nested, tabular, text
from catalog.connections.connectors.asking import TOKEN_FIELDS, Asking, as_source_error, ask, tls_of
from catalog.connections.connectors.base import (
    CheckResult,
    CrawlContext,
    PortFacts,
    Steps,
    Wanted,
    unread,
)
from catalog.connections.connectors.config import Config, ConfigField
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedReading,
)
from catalog.connections.connectors.profiling import profile_rows
from catalog.connections.connectors.relational import freshness_columns, newest
from catalog.connections.connectors.samples import Sample

Format = Literal["csv", "json", "jsonl"]
SAMPLE_BYTES = 64 * 1024 * 1024
_ACCEPT = "application/json, application/x-ndjson, text/csv;q=0.9, */*;q=0.1"


class HttpConnector:
    """A JSON or CSV endpoint."""

    name = "http"
    title = "HTTP address"
    description = "JSON, JSON lines or CSV behind an http or https address."
    config_fields = (
        ConfigField(
            name="url",
            label="Address",
            kind="url",
            required=True,
            maximum=380,
            help="Without user and password.",
        ),
        ConfigField(
            name="format",
            label="Format",
            kind="choice",
            default="auto",
            choices=(("auto", "Find out"), ("json", "JSON"), ("jsonl", "JSON lines"), ("csv", "CSV")),
        ),
        *TOKEN_FIELDS,
        ConfigField(
            name="records",
            label="Path of records in JSON",
            help="Where the array of records is, such as data.items. Empty: found.",
        ),
        ConfigField(
            name="encoding", label="Encoding of CSV", kind="choice", default="auto", choices=text.ENCODINGS
        ),
    )

    def __init__(self, verify: ssl.SSLContext | None = None) -> None:
        self._verify = verify  # None: the public certificate authorities

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            with self._asked(config, context) as reply:
                steps.passed("reachable", "The server answers.")
                steps.passed("signed_in", f"It lets us in (status {reply.status}).")
                sample, _ = _sampled(config, reply, context)
            steps.passed("readable", f"The answer has {len(sample.fields)} fields.")
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with self._asked(config, context) as reply:
            sample, _ = _sampled(config, reply, context)
            yield _asset(config, sample)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        for done, item in enumerate(wanted):
            context.beat(done, len(wanted))
            try:
                yield from self._read(config, item, context)
            except SourceError as error:
                if error.code in {"unreachable", "not_allowed", "refused"}:
                    raise  # it concerns the whole source: the address is all there is
                context.remaining()
                yield unread(item, error)
        context.beat(len(wanted), len(wanted))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        kind = config["format"].upper() if config["format"] != "auto" else ""
        return PortFacts(location=config["url"], format=kind, platform="HTTP", modality="api")

    def _asked(self, config: Config, context: CrawlContext) -> Asking:
        most = min(context.max_bytes, SAMPLE_BYTES)
        return ask(config, context, accept=_ACCEPT, most_bytes=most, verify=self._verify)

    def _read(self, config: Config, wanted: Wanted, context: CrawlContext) -> Iterator[Observation]:
        with self._asked(config, context) as reply:
            sample, size = _sampled(config, reply, context)
            fresh_at, basis = _freshness(reply, sample, context)
        yield tls_of(reply)
        yield _asset(config, sample)
        yield ObservedReading(
            asset=wanted.asset,
            is_reachable=True,
            latency_ms=reply.latency_ms,
            row_count=sample.seen if sample.is_whole else None,
            size_bytes=size if sample.is_whole else None,
            fresh_at=fresh_at,
            fresh_basis=basis,
        )
        total = sample.seen if sample.is_whole else None
        is_sample = not sample.is_whole or sample.seen > len(sample.rows)
        yield from profile_rows(wanted, sample.flat, sample.rows, is_sample=is_sample, row_total=total)
        yield from check_files.of_rows(wanted, sample, context)


def _asset(config: Config, sample: Sample) -> ObservedAsset:
    parts = urlsplit(config["url"])
    name = (parts.path.lstrip("/") or "/") + (f"?{parts.query}" if parts.query else "")
    return ObservedAsset(
        namespace=f"{parts.scheme}://{parts.netloc}".lower(),
        name=name,
        kind="api",
        address={"url": config["url"]},
        fields=sample.fields,
    )


def _sampled(config: Config, reply: Reply, context: CrawlContext) -> tuple[Sample, int]:
    """Schema and sample of the body, and its bytes. Text formats may be read in part, a JSON document may not."""
    body = _Body(reply, min(context.max_bytes, SAMPLE_BYTES))
    kind = found_format(config["format"], reply.headers.get("content-type", ""), body.head())
    if kind == "json":
        document = b"".join(body.pieces())
        if not body.is_whole:
            raise SourceError("too_large", "The document is larger than is read.", "Ask for fewer records.")
        sample = nested.read_document(document, records_path=config["records"], max_rows=context.max_rows)
        return sample, body.total
    found = text.lines(body.pieces(), config["encoding"])
    if kind == "jsonl":
        sample = nested.read_lines(found, max_rows=context.max_rows)
    else:
        sample = tabular.read_csv(found, max_rows=context.max_rows)
    return Sample(sample.fields, sample.flat, sample.rows, sample.seen, body.is_whole, body.total), body.total


def found_format(configured: str, content_type: str, head: bytes) -> Format:
    """What the body really is. Servers lie in Content-Type, so the first characters count more.

    Raises SourceError: `empty`, or `unsupported` for HTML and binary content.
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise SourceError("empty", "The answer is empty.", "Check the address.")
    known: dict[str, Format] = {"json": "json", "jsonl": "jsonl", "csv": "csv"}
    if configured in known:
        return known[configured]
    if start[:1] == b"<":
        raise SourceError(
            "unsupported", "The answer is a web page or XML, not data.", "Check address and sign-in."
        )
    if start[:1] in {b"{", b"["}:
        first, _, rest = start.partition(b"\n")
        looks_like_lines = first[:1] == b"{" and first.rstrip().endswith(b"}") and rest.lstrip()[:1] == b"{"
        return "jsonl" if looks_like_lines or "ndjson" in content_type else "json"
    if b"\x00" in start[:200] and start[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise SourceError("unsupported", "The answer is neither JSON nor CSV.", "Check the address.")
    return "csv"


class _Body:
    """The answer's body up to a limit; beyond it reading just ends, after a whole line."""

    def __init__(self, reply: Reply, limit: int) -> None:
        self._pieces = reply.pieces()
        self._limit = limit
        self._ahead = b""
        self.total = 0
        self.is_whole = True

    def head(self) -> bytes:
        while len(self._ahead) < 4096:
            piece = self._next()
            if not piece:
                break
            self._ahead += piece
        return self._ahead[:4096]

    def pieces(self) -> Iterator[bytes]:
        piece = self._ahead or self._next()
        while piece:
            if self.total + len(piece) > self._limit:
                self.is_whole = False
                yield piece[: piece.rfind(b"\n") + 1]
                return
            self.total += len(piece)
            yield piece
            piece = self._next()

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except OutboundError as error:
            raise as_source_error(error) from error


def _freshness(reply: Reply, sample: Sample, context: CrawlContext) -> tuple[datetime | None, str]:
    """The Last-Modified header; without it the newest moment in a body that was read whole."""
    stamp = reply.headers.get("last-modified", "")
    try:
        moment = parsedate_to_datetime(stamp) if stamp else None
    except ValueError:
        moment = None
    if moment is not None:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment, "Last-Modified") if moment <= context.now() else (None, "")
    if not sample.is_whole or sample.seen > len(sample.rows):
        return None, ""
    places = {field.path: place for place, field in enumerate(sample.flat)}
    moments = [
        (field.name, row[places[field.path]])
        for field in freshness_columns(sample.flat)
        for row in sample.rows
    ]
    return newest(moments, context.now())
