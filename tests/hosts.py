"""Several hosts of one portal, as processes of this machine: each with a data folder of its own, all with one
PostgreSQL, one Valkey and the same keys. And a visitor with cookies, who may ask any of them."""

import os
import secrets
import subprocess
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests import postgres_server, valkey
from tests.running_portal import ROOT, Portal

PASSWORD = "a-long-password"


class Host(Portal):
    """One host: its own folder; what it shares with the others comes by settings."""

    def __init__(self, folder: Path, shared: dict[str, str]) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.env |= shared

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["MESHPORTAL_DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]  # queries of tests

    def refused(self, command: list[str]) -> str:
        """What a command says that must not succeed."""
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr


@contextmanager
def sharing(folder: Path, database_url: str, **more: str) -> Iterator[list[Host]]:
    """Two hosts, prepared; the test starts what it wants on them. Afterwards nothing of them is left."""
    stores = folder / "shared-stores"
    stores.mkdir()
    with valkey.running() as redis:
        shared = {
            "MESHPORTAL_DATABASE_URL": database_url,
            "MESHPORTAL_REDIS_URL": redis,
            "MESHPORTAL_SECRET_KEY": secrets.token_urlsafe(50),
            "MESHPORTAL_ENCRYPTION_KEYS": urlsafe_b64encode(os.urandom(32)).decode(),
            "MESHPORTAL_SEARCH_BACKEND": "postgres",
            "MESHPORTAL_FILE_ROOTS": str(stores),
            **more,
        }
        hosts = [Host(folder / name, shared) for name in ("a", "b")]
        for host in hosts:
            host.stores = stores
        try:
            for host in hosts:
                host.manage("prepare")
            yield hosts
        finally:
            for host in hosts:
                host.stop()


@contextmanager
def short_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mp-") as folder:  # short: a socket's path is limited
        yield Path(folder)


@contextmanager
def new_server() -> Iterator[postgres_server.Server]:
    with postgres_server.running() as server:
        yield server


class Visitor:
    """Somebody with a browser; every host is reached by the address of its own, with the same cookies."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        response = httpx.request(method, url, headers=headers | more.pop("headers", {}), timeout=30, **more)
        self.cookies.update(response.cookies.items())
        return response

    def sign_in(self, address: str, name: str) -> None:
        url = f"{address}/account/login/"
        form = form_of(self.ask("GET", url).text, "password")
        answer = self.ask("POST", url, data=form | {"username": name, "password": PASSWORD})
        assert answer.status_code == 302, answer.text


class _Forms(HTMLParser):
    """The fields of every form with what stands in them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = [{}]
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        name, value = held.get("name") or "", held.get("value") or ""
        if tag == "form":
            self.forms.append({})
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            self.forms[-1][name] = ""
        elif tag == "option" and self._select and "selected" in held:
            self.forms[-1][self._select] = value
        elif tag == "input" and name and (held.get("type") not in ("checkbox", "radio") or "checked" in held):
            self.forms[-1][name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][self._area] += data


def form_of(html: str, field: str) -> dict[str, str]:
    """The form of a page that has this field, as it would be sent unchanged."""
    reader = _Forms()
    reader.feed(html)
    return next(form for form in reader.forms if field in form)
