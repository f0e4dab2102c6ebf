"""The Kafka connector against real (mock) brokers and a registry that speaks its documented API."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import Wanted
from catalog.connections.connectors.contract import examine, local_context
from catalog.connections.connectors.errors import SourceError
from catalog.connections.connectors.kafka import KafkaConnector
from catalog.connections.connectors.kafka_client import _settings, brokers_of
from catalog.connections.connectors.observations import AssetKey
from tests import local_servers as serve
from tests.catalog.connections.connectors.support import configured, context, crawl
from tests.kafka_cluster import Cluster, kafka_cluster

pytest.importorskip("confluent_kafka", reason="the extra kafka is not installed: ./mesh extras kafka")
KAFKA = KafkaConnector()
AVRO = {
    "type": "record",
    "name": "Play",
    "namespace": "listening",
    "doc": "Somebody listened.",
    "fields": [
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "track", "type": "listening.Track", "doc": "What was played."},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
    ],
}
TRACK = {
    "type": "record",
    "name": "Track",
    "namespace": "listening",
    "fields": [
        {"name": "title", "type": "string"},
        {"name": "artists", "type": {"type": "array", "items": "string"}},
    ],
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with kafka_cluster() as running:
        running.send("plays", [b"somebody@example.org"] * 20)
        running.send("likes", [b"{}"] * 5)
        running.send("__consumer_offsets", [b"x"])
        yield running


def answers() -> dict[str, serve.Answer]:
    def subject(kind: str, schema: Any, references: Any = ()) -> serve.Answer:
        text = schema if isinstance(schema, str) else json.dumps(schema)
        body = {"id": 1, "version": 3, "schema": text, "references": list(references)}
        return serve.content(json.dumps(body if kind == "AVRO" else {**body, "schemaType": kind}).encode())

    missing = serve.content(b'{"error_code":40401,"message":"Subject not found."}', status=404)
    reference = {"name": "listening.Track", "subject": "track", "version": 2}
    return {
        "/subjects": serve.content(b'["plays-value", "plays-key", "track"]'),
        "/subjects/plays-value/versions/latest": subject("AVRO", AVRO, [reference]),
        "/subjects/plays-key/versions/latest": subject("AVRO", '"string"'),
        "/subjects/track/versions/2": subject("AVRO", TRACK),
        "/subjects/likes-value/versions/latest": missing,
        "/subjects/likes-key/versions/latest": missing,
    }


def settings(cluster: Cluster, **options: Any) -> dict[str, Any]:
    return {"brokers": cluster.brokers, "encryption": "disable", **options}


def failed(config: dict[str, Any], **changes: Any) -> tuple[str, str, str]:
    step = KAFKA.check(
        configured(KAFKA, **config), context(seconds=changes.pop("seconds", 5), **changes)
    ).failed
    assert step is not None
    return step.name, step.message, step.remedy


def test_it_keeps_the_contract(cluster: Cluster) -> None:
    with serve.http_server(answers()) as base:
        config = settings(cluster, registry=base, registry_user="u", registry_password="open-sesame")
        assert examine(KAFKA, config, local_context()) == []


def test_topics_with_messages_partitions_freshness_and_nested_fields(cluster: Cluster) -> None:
    now = datetime.fromtimestamp(1_790_000_000, UTC) + timedelta(days=1)
    with serve.http_server(answers()) as base:
        config = configured(KAFKA, **settings(cluster, registry=base))
        found = crawl(KAFKA, config, context(now=lambda: now))
    assert [a.name for a in found.assets] == ["likes", "plays"]
    plays = found.readings[1]
    assert (plays.row_count, plays.object_count) == (20, 4)
    assert plays.fresh_at == datetime.fromtimestamp(1_790_000_019, UTC)
    assert plays.fresh_basis == "last message"
    fields = found.fields("plays")
    assert {path: (f.logical_type, f.is_nullable) for path, f in fields.items()} == {
        "id": ("string", False),
        "track": ("object", False),
        "track.title": ("string", False),
        "track.artists": ("array", False),
        "at": ("timestamp", True),
        "_key": ("string", None),
    }
    assert fields["track"].comment == "What was played."
    assert found.assets[1].comment == "Somebody listened."
    assert list(found.fields("likes")) == ["value"]
    assert [tls.version for tls in found.tls] == [""]
    assert "somebody@example.org" not in repr(found)


def test_only_chosen_topics_and_none_that_is_gone(cluster: Cluster) -> None:
    config = configured(KAFKA, **settings(cluster, include="pl*"))
    assert [a.name for a in KAFKA.discover(config, context())] == ["plays"]
    nowhere = Wanted(asset=AssetKey("kafka://x", "gone"), address={"topic": "gone"})
    error = crawl(KAFKA, config, context(), [nowhere]).readings[0].error
    assert error is not None
    assert error.code == "gone"
    assert "gone" not in {a.name for a in KAFKA.discover(configured(KAFKA, **settings(cluster)), context())}


def test_credentials_of_the_registry_are_sent_and_stay_secret(cluster: Cluster) -> None:
    asked: list[str | None] = []

    def guarded(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["Authorization"])
        serve.content(b'{"message": "who are you"}', status=401)(handler)

    with serve.http_server({"/subjects": guarded}) as base:
        config = settings(cluster, registry=base, registry_user="u", registry_password="open-sesame")
        name, message, remedy = failed(config)
    assert asked == ["Basic " + base64.b64encode(b"u:open-sesame").decode()]
    assert (name, "schema registry" in message, "password of the registry" in remedy) == (
        "readable",
        True,
        True,
    )
    assert "open-sesame" not in message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (serve.content(b"<html>"), "not JSON"),
        (serve.content(b'"text"'), "none of a schema registry"),
        (serve.endless(b"[" * 65_536), "more than"),
        (serve.content(b"", status=503), "schema registry"),
    ],
)
def test_registries_that_are_none_fail_the_last_step(
    cluster: Cluster, answer: serve.Answer, words: str
) -> None:
    with serve.http_server({"/subjects": answer}) as base:
        name, message, _ = failed(settings(cluster, registry=base))
    assert (name, words in message) == ("readable", True), message


def test_a_schema_that_cannot_be_read_spoils_its_topic_alone(cluster: Cluster) -> None:
    broken = answers() | {
        "/subjects/plays-value/versions/latest": serve.content(b'{"schema": "{ not a schema"}')
    }
    with serve.http_server(broken) as base:
        found = crawl(KAFKA, configured(KAFKA, **settings(cluster, registry=base)), context())
    errors = {r.asset.name: r.error.code if r.error else "" for r in found.readings}
    assert errors == {"likes": "", "plays": "malformed"}


def test_brokers_nobody_allowed_are_not_asked(cluster: Cluster) -> None:
    _, message, _ = failed(settings(cluster), allow_list=AllowList.of())
    assert "MESHPORTAL_ALLOWED_PRIVATE_HOSTS" in message


def test_brokers_the_cluster_names_are_checked_too(cluster: Cluster) -> None:
    """One of the two brokers is allowed, the other is only named by it."""
    first, second = cluster.brokers.split(",")
    name, message, _ = failed(settings(cluster, brokers=first), allow_list=AllowList.of([first]))
    assert (name, message.startswith(f"The cluster sends its clients to {second}")) == ("reachable", True)


def test_nobody_there_silent_and_wrong_protocols_end_in_time() -> None:
    name, message, remedy = failed({"brokers": "127.0.0.1:9", "encryption": "disable"}, seconds=3)
    assert (name, "No broker answers" in message, bool(remedy)) == ("reachable", True, True)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        brokers = f"127.0.0.1:{silent.getsockname()[1]}"
        name, message, _ = failed({"brokers": brokers, "encryption": "disable"}, seconds=2)
        assert name == "reachable"
    with socket.create_server(("127.0.0.1", 0)) as liar:
        threading.Thread(target=_garbage, args=(liar,), daemon=True).start()
        brokers = f"127.0.0.1:{liar.getsockname()[1]}"
        assert failed({"brokers": brokers, "encryption": "disable"}, seconds=2)[0] == "reachable"


def _garbage(server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
            with client:
                client.sendall(b"\x7f\xff\xff\xff" + b"HTTP/1.1 200 OK\r\n" * 50)
        except OSError:
            return


def test_encryption_with_a_broker_that_has_none_is_refused(cluster: Cluster) -> None:
    name, message, remedy = failed({"brokers": cluster.brokers}, seconds=4)
    assert (name, "encrypt" in message + remedy) == ("reachable", True)


def test_passwords_are_never_sent_in_clear() -> None:
    config = configured(
        KAFKA, brokers="a:1", encryption="disable", mechanism="PLAIN", user="u", password="open-sesame"
    )
    with pytest.raises(SourceError, match="unencrypted"):
        _settings(config)
    scram = configured(KAFKA, brokers="a:1", mechanism="SCRAM-SHA-512", user="u", password="open-sesame")
    assert _settings(scram)["security.protocol"] == "SASL_SSL"


@pytest.mark.parametrize("brokers", ["http://a:1", "a/b:1", "a:0", "a:99999", ",", " ".join(["a"] * 21)])
def test_what_is_no_broker_is_named(brokers: str) -> None:
    with pytest.raises(SourceError):
        brokers_of(configured(KAFKA, brokers=brokers))


def test_brokers_are_hosts_with_the_usual_port() -> None:
    config = configured(KAFKA, brokers="a, b:1 [::1]:9093")
    assert brokers_of(config) == [("a", 9092), ("b", 1), ("[::1]", 9093)]
