"""`send_test_email` against a real server: what arrives, and what is said when it does not."""

import gc
import socket
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from meshportal import email
from tests.certificates import make_certificate
from tests.smtp_server import smtp_server

ADDRESS = "ada@example.org"
# Python's own SMTP client leaves its socket to the garbage where TLS cannot begin.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """The garbage of each test is its own."""
    yield
    gc.collect()


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the settings those of a server's address."""

    def use(url: str) -> None:
        monkeypatch.setenv("MESHPORTAL_EMAIL_URL", url)
        monkeypatch.setenv("MESHPORTAL_EMAIL_FROM", "Portal <portal@example.org>")
        read = email.configuration()
        settings.EMAIL = read
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = read.backend, read.host, read.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = read.user, read.password
        settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = read.starts_tls, read.is_tls
        settings.DEFAULT_FROM_EMAIL, settings.EMAIL_TIMEOUT = read.sender, 5
        settings.PUBLIC_URL = "https://mesh.example.org"

    return use


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "mail.pem", "localhost")


@pytest.fixture
def trusted(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))


def send(address: str = ADDRESS) -> str:
    out = StringIO()
    call_command("send_test_email", address, stdout=out)
    return out.getvalue()


def refused(address: str = ADDRESS) -> str:
    with pytest.raises(CommandError) as caught:
        send(address)
    assert str(caught.value).startswith("Nothing was sent")
    return str(caught.value)


def test_message_arrives_with_the_public_address_in_it(use: Any) -> None:
    with smtp_server() as box:
        use(f"smtp://127.0.0.1:{box.port}")
        assert f"took the message to {ADDRESS}" in send()
    (message,) = box.messages
    assert "From: Portal <portal@example.org>" in message
    assert "https://mesh.example.org/" in message
    assert ADDRESS in box.recipients[0]


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_message_and_password_travel_encrypted(use: Any, pem: Path, trusted: None, scheme: str) -> None:
    with smtp_server(pem=pem, at_once=scheme == "smtps", password="p@ss") as box:
        use(f"{scheme}://me:p%40ss@localhost:{box.port}")
        send()
        assert box.was_encrypted == [True]
        use(f"{scheme}://me:wrong@localhost:{box.port}")
        assert "refuses the user name or password" in refused()


def test_what_the_server_objects_to_is_said(use: Any, pem: Path) -> None:
    with smtp_server(pem=pem, refuses="nobody@") as box:
        use(f"smtp+starttls://localhost:{box.port}")
        assert "is not trusted" in refused()
        use(f"smtps://localhost:{box.port}")
        assert "use smtps:// for TLS from the start" in refused()
        use(f"smtp://localhost:{box.port}")
        assert "refuses the address: nobody of that name" in refused("nobody@example.org")
    with smtp_server() as plain:
        use(f"smtp+starttls://localhost:{plain.port}")
        assert "cannot do what MESHPORTAL_EMAIL_URL asks for" in refused()


def test_server_that_is_not_there_and_wrong_addresses_are_sentences(use: Any, settings: Any) -> None:
    assert "names no server" in refused()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        use(f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        assert "cannot be reached" in refused()
        assert "is no e-mail address" in refused("ada")
        taken.listen()
        settings.EMAIL_TIMEOUT = 1
        assert "did not answer in 1 s" in refused()


def test_nothing_is_sent_when_no_server_is_named(settings: Any) -> None:
    from django.core.mail import get_connection, send_mail

    settings.EMAIL_BACKEND = email.configuration().backend
    assert type(get_connection()).__module__.endswith("dummy")
    assert send_mail("a", "b", "c@example.org", [ADDRESS]) == 1
