"""HTTPS through the guarded client: the certificate must fit the name although the connection goes to an address."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from catalog.common.allow_list import AllowList
from catalog.common.outbound import Outbound, OutboundError

ENDS = datetime(2099, 5, 1, tzinfo=UTC)


class Quiet(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class QuietServer(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that refuse the certificate hang up."""


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for data.example.org that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "data.example.org")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("data.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(scope="module")
def port(pem: Path) -> Iterator[int]:
    server = QuietServer(("127.0.0.1", 0), Quiet)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def client(verify: ssl.SSLContext | None, *names: str) -> Outbound:
    allow_list = AllowList.of([f"{name}:*" for name in names], resolver=lambda host, port: ["127.0.0.1"])
    return Outbound(allow_list, verify=verify)


def test_pinned_connection_still_checks_the_name_and_tells_of_the_certificate(pem: Path, port: int) -> None:
    trusting = ssl.create_default_context(cafile=str(pem))
    reply, body = client(trusting, "data.example.org").get(f"https://data.example.org:{port}/")
    assert body == f"data.example.org:{port}".encode()
    assert reply.tls.version == "TLSv1.3"
    assert reply.tls.certificate_ends_at == ENDS


def test_certificate_of_another_name_is_refused(pem: Path, port: int) -> None:
    trusting = ssl.create_default_context(cafile=str(pem))
    with pytest.raises(OutboundError, match="certificate"):
        client(trusting, "other.example.org").get(f"https://other.example.org:{port}/")


def test_certificate_nobody_vouches_for_is_refused(port: int) -> None:
    with pytest.raises(OutboundError, match="certificate"):
        client(None, "data.example.org").get(f"https://data.example.org:{port}/")
