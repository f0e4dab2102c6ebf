"""What the connector tests share: a context, and observations sorted by kind."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from catalog.common.allow_list import AllowList
from catalog.connections.connectors.base import Connector, CrawlContext, Wanted
from catalog.connections.connectors.config import clean_config
from catalog.connections.connectors.observations import (
    ObservedAsset,
    ObservedProfile,
    ObservedReading,
    ObservedTls,
)
from catalog.connections.connectors.roots import FileRoots

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def context(root: Path | None = None, **changes: Any) -> CrawlContext:
    changes.setdefault("allow_list", AllowList.of(["127.0.0.1:*", "localhost:*"]))
    changes.setdefault("roots", FileRoots((root,) if root else ()))
    changes.setdefault("deadline", time.monotonic() + changes.pop("seconds", 20))
    changes.setdefault("now", lambda: NOW)
    return CrawlContext(**changes)


def configured(connector: Connector, **raw: Any) -> dict[str, Any]:
    config, problems = clean_config(connector.config_fields, raw)
    assert not problems
    return config


@dataclass
class Found:
    assets: list[ObservedAsset] = field(default_factory=list)
    readings: list[ObservedReading] = field(default_factory=list)
    profiles: dict[str, ObservedProfile] = field(default_factory=dict)
    tls: list[ObservedTls] = field(default_factory=list)

    def fields(self, name: str = "") -> dict[str, Any]:
        asset = next(a for a in self.assets if not name or a.name == name)
        return {f.path: f for f in asset.fields or ()}


def crawl(
    connector: Connector,
    config: dict[str, Any],
    ctx: CrawlContext,
    wanted: Sequence[Wanted] | None = None,
    released: frozenset[str] = frozenset(),
    withheld: frozenset[str] = frozenset(),
) -> Found:
    """Everything a crawl of `wanted` (or of all that is discovered) yields."""
    if wanted is None:
        wanted = [
            Wanted(asset=a.asset, address=a.address, released=released, withheld=withheld)
            for a in connector.discover(config, ctx)
        ]
    found = Found()
    for item in connector.crawl(config, wanted, ctx):
        if isinstance(item, ObservedAsset):
            found.assets.append(item)
        elif isinstance(item, ObservedReading):
            found.readings.append(item)
        elif isinstance(item, ObservedProfile):
            found.profiles[item.path] = item
        else:
            found.tls.append(item)
    return found


def certificate_for(host: str, ends: datetime, path: Path) -> Path:
    """A self-signed certificate and its key in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
