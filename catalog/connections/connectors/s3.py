"""Buckets of S3-compatible object stores: CSV, JSON, JSON lines and Parquet, folders and partitions as one set."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from catalog.connections.connectors import check_files, parquet, s3_client
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
from catalog.connections.connectors.filesets import FileSet
from catalog.connections.connectors.filetexts import TEXT_FIELDS, TITLES, StoredFile, read_texts
from catalog.connections.connectors.objectsets import find_sets, fixed_prefix, of_set
from catalog.connections.connectors.observations import (
    Observation,
    ObservedAsset,
    ObservedField,
    ObservedReading,
    ObservedTls,
)
from catalog.connections.connectors.profiling import profile_rows
from catalog.connections.connectors.relational import EXCLUDE, INCLUDE, is_chosen
from catalog.connections.connectors.s3_client import Bucket, Listing, StoredObject
from catalog.connections.connectors.samples import Sample

if TYPE_CHECKING:
    from catalog.connections.connectors.objectfiles import ObjectFiles

MAX_OBJECTS = 100_000  # looked at in one listing
OBJECTS_COUNTED = 500  # of a Parquet set: whose footers are read for the exact number of rows
TEXT_BYTES = 64 * 1024 * 1024  # read of one set of text objects
_CRAWL_ENDS = frozenset({"unreachable", "not_allowed"})


class S3Connector:
    """One bucket, or what is below a prefix of it."""

    name = "s3"
    title = "S3 object store"
    description = "CSV, JSON, JSON lines and Parquet in a bucket of S3, MinIO, Ceph, R2 and others like them."
    config_fields = (
        ConfigField(name="bucket", label="Bucket", required=True, maximum=255, help="Its name alone."),
        ConfigField(
            name="prefix",
            label="Prefix",
            maximum=380,
            help="Only keys below it, such as sales/2026/, or a pattern such as events/**/*.parquet. Empty: all.",
        ),
        ConfigField(
            name="endpoint",
            label="Endpoint",
            kind="url",
            maximum=300,
            help="The address of the store, such as https://minio.example.org:9000. Empty: Amazon S3.",
        ),
        ConfigField(name="region", label="Region", default="us-east-1", maximum=40),
        ConfigField(
            name="addressing",
            label="Where the bucket's name goes",
            kind="choice",
            default="auto",
            choices=(
                ("auto", "Host name for Amazon, path for other endpoints"),
                ("path", "Path (endpoint/bucket)"),
                ("host", "Host name (bucket.endpoint)"),
            ),
        ),
        ConfigField(
            name="access_key",
            label="Access key",
            secret=True,
            help="Empty together with the secret key: asked without signing in.",
        ),
        ConfigField(name="secret_key", label="Secret key", secret=True),
        ConfigField(
            name="session_token", label="Session token", secret=True, help="Only for temporary keys."
        ),
        INCLUDE,
        EXCLUDE,
        *TEXT_FIELDS,
    )

    def check(self, config: Config, context: CrawlContext) -> CheckResult:
        steps = Steps()
        try:
            with s3_client.opened(config, context) as bucket:
                listing = self._listed_to_check(bucket, config, steps)
                sets = [
                    s for s in find_sets(listing.objects, config["prefix"], context) if _is_ours(config, s)
                ]
                if not sets:
                    raise SourceError("empty", "There are no data objects.", "Check prefix and patterns.")
                bucket.part(of_set(listing.objects, sets[0])[-1].key, 0, 1)
            steps.passed("readable", _found_words(len(sets), listing))
        except SourceError as error:
            return steps.failed(error)
        return steps.result()

    def _listed_to_check(self, bucket: Bucket, config: Config, steps: Steps) -> Listing:
        """The listing; a refusal for want of rights, not of keys, fails the third step instead of the second."""
        try:
            listing = bucket.listed(fixed_prefix(config["prefix"]), MAX_OBJECTS)
        except SourceError as error:
            if error.code in {"refused", "gone", "malformed"}:
                steps.passed("reachable", "The store answers.")
            if error.code == "gone" or (
                error.code == "refused" and "forbids" in error.message and bucket.keys
            ):
                steps.passed("signed_in", "The store knows the keys." if bucket.keys else "No keys are used.")
            raise
        steps.passed("reachable", "The store answers.")
        steps.passed("signed_in", "The keys are accepted." if bucket.keys else "It lets everybody in.")
        return listing

    def discover(self, config: Config, context: CrawlContext) -> Iterator[ObservedAsset]:
        with s3_client.opened(config, context) as bucket:
            listing = bucket.listed(fixed_prefix(config["prefix"]), MAX_OBJECTS)
        sets = (
            item for item in find_sets(listing.objects, config["prefix"], context) if _is_ours(config, item)
        )
        for number, item in enumerate(sets):
            if number >= context.max_assets:
                return
            yield _asset(config, item, None)

    def crawl(self, config: Config, wanted: Sequence[Wanted], context: CrawlContext) -> Iterator[Observation]:
        with s3_client.opened(config, context) as bucket:
            listing = bucket.listed(fixed_prefix(config["prefix"]), MAX_OBJECTS)
            tls = listing.tls
            yield ObservedTls(
                version=tls.version if tls else "",
                certificate_ends_at=tls.certificate_ends_at if tls else None,
            )
            for done, item in enumerate(wanted):
                context.beat(done, len(wanted))
                try:
                    yield from _read(config, bucket, listing, item, context)
                except SourceError as error:
                    if error.code in _CRAWL_ENDS:
                        raise  # the store went away: the others would only wait for it too
                    context.remaining()
                    yield unread(item, error)
            context.beat(len(wanted), len(wanted))

    def facts(self, config: Config, address: Mapping[str, Any]) -> PortFacts:
        return PortFacts(
            location=f"s3://{config['bucket']}/{address.get('pattern', '')}",
            format=TITLES.get(str(address.get("format")), ""),
            platform="S3",
        )


def _found_words(count: int, listing: Listing) -> str:
    words = f"{count} objects or sets of objects can be read."
    if not listing.is_whole:
        words += f" Only the first {len(listing.objects):,} objects were looked at: narrow the prefix."
    return words


def _is_ours(config: Config, item: FileSet) -> bool:
    return is_chosen(config, item.pattern) and len(item.pattern) <= 400


def _asset(config: Config, item: FileSet, fields: tuple[ObservedField, ...] | None) -> ObservedAsset:
    return ObservedAsset(
        namespace=f"s3://{config['bucket']}",
        name=item.pattern,
        kind="files",
        address=item.address,
        fields=fields,
    )


def _read(
    config: Config, bucket: Bucket, known: Listing, wanted: Wanted, context: CrawlContext
) -> Iterator[Observation]:
    item = FileSet.at(wanted.address)
    if not fixed_prefix(item.pattern).startswith(fixed_prefix(config["prefix"])):
        raise SourceError("gone", "It lies outside the connection's prefix.", "Browse the connection again.")
    listing = known if known.is_whole else bucket.listed(fixed_prefix(item.pattern), MAX_OBJECTS)
    objects = of_set(listing.objects, item)
    if not listing.is_whole:
        raise SourceError(
            "too_large",
            f"More than {MAX_OBJECTS:,} objects lie below {fixed_prefix(item.pattern)}.",
            "Narrow the prefix, for example to one year.",
        )
    if not objects:
        raise SourceError("gone", f"No object matches {item.pattern}.", "Browse the connection again.")
    read = _read_parquet if item.format == "parquet" else _read_texts
    sample, total, is_estimate = read(config, bucket, item, objects, context)
    yield _asset(config, item, sample.fields)
    moments = [o.modified_at for o in objects if o.modified_at and o.modified_at <= context.now()]
    yield ObservedReading(
        asset=wanted.asset,
        is_reachable=True,
        latency_ms=listing.latency_ms,
        row_count=total,
        row_count_is_estimate=is_estimate,
        size_bytes=sum(o.size for o in objects),
        object_count=len(objects),
        fresh_at=max(moments, default=None),
        fresh_basis="Last-Modified" if moments else "",
    )
    if sample.rows or not total:
        is_sample = is_estimate or sample.seen > len(sample.rows)
        yield from profile_rows(wanted, sample.flat, sample.rows, is_sample=is_sample, row_total=total)
    if wanted.checks and item.format == "parquet":
        urls, filesystem = _as_files(bucket, objects, context)
        yield from check_files.of_parquet(wanted, urls, sample, context, filesystem=filesystem)
    else:
        yield from check_files.of_rows(wanted, sample, context)


def _as_files(
    bucket: Bucket, objects: Sequence[StoredObject], context: CrawlContext
) -> tuple[list[str], "ObjectFiles"]:
    """The names DuckDB calls objects by, and what opens them; no more bytes are fetched than a crawl may."""
    from catalog.connections.connectors.objectfiles import ObjectFiles, url_of  # fsspec is slow to import

    files = ObjectFiles(bucket.part, {o.key: o.size for o in objects}, context.max_bytes)
    return [url_of(o.key) for o in objects], files


def _read_parquet(
    config: Config, bucket: Bucket, item: FileSet, objects: Sequence[StoredObject], context: CrawlContext
) -> tuple[Sample, int | None, bool]:
    urls, files = _as_files(bucket, objects, context)
    files.fetch_tails([o.key for o in objects[-OBJECTS_COUNTED:]])
    return parquet.read_named(urls, len(urls), context, filesystem=files, most_counted=OBJECTS_COUNTED)


def _read_texts(
    config: Config, bucket: Bucket, item: FileSet, objects: Sequence[StoredObject], context: CrawlContext
) -> tuple[Sample, int | None, bool]:
    stored = [
        StoredFile(
            o.key,
            o.size,
            o.modified_at.timestamp() if o.modified_at else 0.0,
            partial(_pieces, bucket, o.key),
        )
        for o in objects
    ]
    return read_texts(config, item, stored, context, min(context.max_bytes, TEXT_BYTES))


def _pieces(bucket: Bucket, key: str) -> Iterator[bytes]:
    with bucket.opened_object(key) as reply:
        yield from s3_client.pieces_of(reply)
