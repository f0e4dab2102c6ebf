"""A real S3 server for tests: moto in a process of its own, asked with AWS's own client."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

STARTS_WITHIN = 60.0


@dataclass(frozen=True)
class S3Server:
    endpoint: str

    def client(self, access_key: str = "AKIAFIXTURE", secret_key: str = "fixture") -> Any:  # noqa: S107
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )

    def verify_signatures(self) -> None:
        """From now on every request must be signed with keys the server gave out."""
        address = self.endpoint.removeprefix("http://")
        asking = http.client.HTTPConnection(address, timeout=10)
        asking.request("POST", "/moto-api/reset-auth", body=b"0")
        assert asking.getresponse().status == 200
        asking.close()

    def iam(self) -> Any:
        return boto3.client(
            "iam",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="AKIAFIXTURE",
            aws_secret_access_key="fixture",
        )


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """The server on a free loopback port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The S3 server ended with status {process.returncode}.")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The S3 server does not start.")
