"""A small real SMTP server: takes messages, can begin TLS, can ask for a password, can refuse."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Mailbox:
    """What the server took, and what it was told to do."""

    port: int = 0
    messages: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)


@contextmanager
def smtp_server(
    *,
    pem: Path | None = None,
    at_once: bool = False,
    password: str = "",
    refuses: str = "",
    refuses_with: str = "550 nobody of that name",
) -> Iterator[Mailbox]:
    """Serve on a free loopback port. `pem`: certificate and key for STARTTLS, or TLS `at_once`; `password`: AUTH PLAIN
    with it is needed; `refuses`: a recipient that is turned away, `refuses_with` these words."""
    box = Mailbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if pem:
        context.load_cert_chain(pem)

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                if at_once:
                    self.encrypt()
                self.say("220 mail.example.org")
                while line := self.rfile.readline().decode().strip():
                    if not self.answer(line):
                        return

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()
            self.connection.close()

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def encrypt(self) -> None:
            self.rfile.close()
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile: Any = self.connection.makefile("wb", buffering=0)

        def answer(self, line: str) -> bool:
            verb = line.split()[0].upper()
            if verb in ("EHLO", "HELO"):
                offers = ["STARTTLS"] * bool(pem and not at_once) + ["AUTH PLAIN"] * bool(password)
                for offer in ["mail.example.org", *offers]:
                    self.say(f"250-{offer}")
                self.say("250 8BITMIME")
            elif verb == "STARTTLS":
                self.say("220 go on")
                self.encrypt()
            elif verb == "AUTH":
                given = base64.b64decode(line.split()[2]).decode().split("\0")[2]
                self.say("235 welcome" if given == password else "535 wrong")
            elif verb == "RCPT" and refuses and refuses in line:
                self.say(refuses_with)
            elif verb == "DATA":
                self.say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                box.messages.append("\n".join(lines))
                box.was_encrypted.append(isinstance(self.connection, ssl.SSLSocket))
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return False
            else:
                if verb == "RCPT":
                    box.recipients.append(line)
                self.say("250 fine")
            return True

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that refuse the certificate hang up."""

    with Server(("127.0.0.1", 0), Talk) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield box
        finally:
            server.shutdown()
