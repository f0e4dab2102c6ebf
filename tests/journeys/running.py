"""A whole portal for journeys in which a worker is the point: web server, worker with its clock, broker."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import expect

from tests.journeys.hands import Hand
from tests.journeys.watched import Watched
from tests.running_portal import Portal, started_portal

PASSWORD = "a-long-password"
BUSY = 45_000  # milliseconds a worker may take on a busy machine; pages have their own, shorter time
SEED = """
from catalog.accounts.models import Role
from tests import factories as make
from tests.conftest import make_cast
cast = make_cast()
make.make_membership(cast.owner, Role.TECHNICAL_OWNER, cast.listening_team)
"""
PLAYS = """
CREATE TABLE plays (id INTEGER PRIMARY KEY, track TEXT NOT NULL, seconds INTEGER, played_at TIMESTAMP);
INSERT INTO plays WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
    SELECT i, 'track ' || (i % 7), i % 30, '2026-03-01 10:00:00' FROM n;
CREATE TABLE artists (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE scratch (id INTEGER);
"""


@dataclass
class Running:
    """`address` of the portal; the cast signs in with PASSWORD."""

    portal: Portal
    address: str

    def store(self, name: str, content: str = PLAYS) -> str:
        """The path of a new SQLite database with `content`."""
        path = self.portal.stores / f"{name}.sqlite"
        database = sqlite3.connect(path)
        try:
            database.executescript(content)
        finally:
            database.close()
        return str(path)

    def count(self, table: str, where: str = "1") -> int:
        return int(self.portal.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])  # noqa: S608


@contextmanager
def running_portal() -> Iterator[Running]:
    with started_portal() as portal:
        portal.manage("prepare")
        portal.run(SEED)
        portal.worker()
        yield Running(portal, portal.web())


def sign_in(visit: Watched, hand: Hand, name: str) -> None:
    """Come to the home page, be asked who one is, and be led back to it."""
    page = visit.page
    visit.open("/")
    hand.write(page.get_by_label("Username"), name)
    hand.write(page.get_by_label("Password"), PASSWORD)
    hand.follow(page.get_by_role("button", name="Sign in"))
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
