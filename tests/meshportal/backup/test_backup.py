"""Backups in portals of their own: everything comes back, on either database, or nothing is touched."""

import hashlib
import json
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meshportal.backup import archive as backup_archive
from meshportal.backup.archive import BackupError, Manifest, opened, written
from tests import postgres
from tests.commanded_portal import Portal, done

pytestmark = pytest.mark.timeout(900)  # a dozen commands each, every one a process that starts Django

SOWN = """
import datetime
from django.contrib.auth import SESSION_KEY
from catalog.accounts.models import Session, Team, User
from catalog.accounts.sessions import SessionStore
from catalog.common import crypto
from catalog.connections.models import Connection
from catalog.products.models import DataProduct
from catalog.schemas.models import FieldProfile
from tests import factories as make
company = make.make_team("Daff \\u00fcber alles \\U0001f3b5")
team = make.make_team("Listening", company)
for number in range(5):
    make.make_team(f"Unit {number}", team)
user = make.make_user("ada", password="correct-horse-battery")
User.objects.filter(pk=user.pk).update(name="Ada \\"quoted\\"\\nLovelace")
store = make.make_connection("Lake", team=team, config={"path": "a,b\\nc", "n": 12345678901234567890, "x": [None, 1.5]},
    secret=crypto.encrypt({"password": "open-sesame"}))
product = make.make_product("Play events", domain=make.make_domain("Listening", team=team))
product.description = "line\\n\\ttab \\u2028 end"
product.links = [{"title": "Wiki", "url": "https://example.org/?a=1&b=2"}]
product.save()
port = make.make_port(product)
asset = make.make_asset(store, "plays", first_seen_at=datetime.datetime(2020, 2, 29, 23, 59, 59, 999999, datetime.UTC))
FieldProfile.objects.create(asset=asset, path="x", profiled_at=asset.first_seen_at, row_count=2**53 + 1,
    null_share=0.1 + 0.2, mean=1e-300, histogram=[[0.1, 1e22, 3]])
gone = make.make_product("Gone", domain=product.domain)
number = gone.pk
gone.delete()
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session["cart"] = {"a": 1}
session.create()
print(json.dumps({"gone": number, "session": session.session_key}))
"""
FOUND = """
from catalog.accounts.models import Team
from catalog.accounts.sessions import SessionStore
from catalog.common import crypto
from catalog.connections.models import Connection
from catalog.search.selectors import index_state
from catalog.products.models import DataProduct
from tests import factories as make
print(json.dumps({
    "secret": crypto.decrypt(Connection.objects.get(name="Lake").secret),
    "cart": SessionStore(KEY).get("cart"),
    "units": [team.name for team in Team.objects.get(name="Listening").get_children()],
    "indexed": index_state().in_index,
    "next": make.make_product("Next", domain=DataProduct.objects.first().domain).pk,
}))
"""


def rows(path: Path) -> dict[str, list[Any]]:
    """Every table's rows; what indexing writes itself, and when, is left out."""
    with zipfile.ZipFile(path) as archive:
        tables = json.loads(archive.read("manifest.json"))["tables"]
        found = {
            name: [json.loads(line) for line in archive.read(table["member"]).splitlines()]
            for name, table in tables.items()
        }
    return {
        name: lines
        for name, lines in found.items()
        if name not in {"catalog_changemark", "catalog_searchstate"}
    }


@pytest.fixture(scope="module")
def sown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Portal, Path, Any]:
    """A portal with awkward rows, its backup, and what a test should find again."""
    folder = tmp_path_factory.mktemp("backup")
    portal = Portal(folder / "first")
    done(portal.manage("prepare"))
    told = portal.json(SOWN)
    (portal.folder / "media").mkdir()
    (portal.folder / "media" / "original.bin").write_bytes(bytes(range(256)))
    assert "keep it like a password" in done(portal.manage("backup", folder / "one.zip"))
    return portal, folder / "one.zip", told


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres.running() as address:
        yield address


def check_restored(portal: Portal, archive: Path, told: Any, again: Path) -> None:
    done(portal.manage("backup", again))
    assert rows(again) == rows(archive)
    found = portal.json(FOUND.replace("KEY", repr(told["session"])))
    assert found["secret"] == {"password": "open-sesame"}
    assert found["cart"] == {"a": 1}
    assert found["units"] == [f"Unit {number}" for number in range(5)]
    assert found["indexed"] == 2
    assert found["next"] > told["gone"], "a number is not given twice"
    assert (portal.folder / "media" / "original.bin").read_bytes() == bytes(range(256))


@pytest.mark.slow
def test_everything_comes_back_into_an_empty_folder(sown: Any, tmp_path: Path) -> None:
    _, archive, told = sown
    assert archive.stat().st_mode & 0o777 == 0o600
    portal = Portal(tmp_path / "second")
    assert "Nothing was changed" in done(portal.manage("restore", archive, "--dry-run"))
    assert not (portal.folder / "index").exists()
    assert "2 documents indexed" in done(portal.manage("restore", archive))
    check_restored(portal, archive, told, tmp_path / "two.zip")


@pytest.mark.slow
@pytest.mark.postgres
def test_portal_moves_to_postgresql_and_back_row_for_row(sown: Any, database: str, tmp_path: Path) -> None:
    _, archive, told = sown
    large = Portal(tmp_path / "large", database)
    done(large.manage("restore", archive))
    done(large.manage("backup", tmp_path / "large.zip"))
    check_restored(large, archive, told, tmp_path / "large-again.zip")
    refused = large.manage("restore", archive)
    assert refused.returncode == 1
    assert "add --replace" in refused.stderr
    assert "What was here is kept in" in done(large.manage("restore", archive, "--replace"))
    back = Portal(tmp_path / "back")
    done(back.manage("restore", tmp_path / "large.zip"))
    check_restored(back, archive, told, tmp_path / "back-again.zip")


@pytest.mark.slow
def test_used_portal_is_replaced_only_when_asked_and_kept_aside(sown: Any, tmp_path: Path) -> None:
    _, archive, _ = sown
    portal = Portal(tmp_path / "used")
    done(portal.manage("prepare"))
    portal.json("from tests import factories as make\nprint(make.make_user('grace').pk)")
    refused = portal.manage("restore", archive)
    assert refused.returncode == 1
    assert "Nothing was restored" in refused.stderr
    assert "Traceback" not in refused.stderr
    done(portal.manage("restore", archive, "--replace"))
    (aside,) = (portal.folder / "backups").glob("before-restore-*.zip")
    assert any("grace" in row for row in rows(aside)["catalog_user"])
    assert not any("grace" in row for row in rows(archive)["catalog_user"])
    done(portal.manage("restore", aside, "--replace"))
    done(portal.manage("backup", tmp_path / "grace.zip"))
    assert any("grace" in row for row in rows(tmp_path / "grace.zip")["catalog_user"])


@pytest.mark.slow
def test_killed_in_the_middle_leaves_the_portal_as_it_was(sown: Any, tmp_path: Path) -> None:
    _, archive, _ = sown
    portal = Portal(tmp_path / "killed")
    done(portal.manage("prepare"))
    script = "from tests import factories as make\nfrom catalog.common import crypto\n"
    secret = "secret=crypto.encrypt({'password': 'mine'})"
    portal.json(f"{script}print(make.make_connection('Old lake', {secret}).pk)")
    killed = portal.run(f"""
import os, signal
from django.core.management import call_command
from meshportal.backup import restoring, rows
real = rows.load
def load(model, *args):
    if model._meta.db_table == "catalog_team":
        os.kill(os.getpid(), signal.SIGKILL)
    return real(model, *args)
rows.load = load
call_command("restore", {str(archive)!r}, replace=True)
""")
    assert killed.returncode == -signal.SIGKILL
    kept = "from catalog.connections.models import Connection\nfrom catalog.common import crypto\n"
    assert portal.json(
        f"{kept}print(json.dumps([crypto.decrypt(row.secret) for row in Connection.objects.all()]))"
    ) == [{"password": "mine"}]
    done(portal.manage("restore", archive, "--replace"))


def rewritten(source: Path, target: Path, member: str, change: Any) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return target


def from_the_future(content: bytes) -> bytes:
    manifest = json.loads(content)
    manifest["migrations"].append("catalog.0999_future")
    return json.dumps(manifest).encode()


@pytest.mark.slow
def test_damaged_foreign_and_newer_files_are_refused_in_a_sentence(sown: Any, tmp_path: Path) -> None:
    _, archive, _ = sown
    cut = tmp_path / "cut.zip"
    cut.write_bytes(archive.read_bytes()[:-2000])
    cases = {
        "a part of one": cut,
        "There is no file": tmp_path / "absent.zip",
        "rows/catalog_user.jsonl is not what was written": rewritten(
            archive,
            tmp_path / "changed.zip",
            "rows/catalog_user.jsonl",
            lambda old: old.replace(b"ada", b"eve"),
        ),
        "catalog.0999_future": rewritten(archive, tmp_path / "newer.zip", "manifest.json", from_the_future),
        "made by a newer version": rewritten(
            archive,
            tmp_path / "format.zip",
            "manifest.json",
            lambda old: old.replace(b'"format": 1', b'"format": 2'),
        ),
    }
    portal = Portal(tmp_path / "careful")
    script = "from django.core.management import call_command, CommandError\nsaid = []\n"
    for path in cases.values():
        script += f"try:\n    call_command('restore', {str(path)!r})\n"
        script += "except CommandError as error:\n    said.append(str(error))\n"
    said = portal.run(script + "print(json.dumps(said))")
    sentences = json.loads(said.stdout.splitlines()[-1])
    for words, sentence in zip(cases, sentences, strict=True):
        assert words in sentence
        assert sentence.startswith("Nothing was restored.")
    assert not (portal.folder / "media").exists()


def forged(archive: Path, target: Path, member: str, content: bytes) -> Path:
    """A copy with another member, in which every checksum is right: somebody made it on purpose."""

    def changed(manifest: bytes) -> bytes:
        told = json.loads(manifest)
        told["checksums"][member] = hashlib.sha256(content).hexdigest()
        return json.dumps(told).encode()

    between = rewritten(archive, target.with_suffix(".between"), "manifest.json", changed)
    return rewritten(between, target, member, lambda _: content)


@pytest.mark.slow
@pytest.mark.parametrize(
    "row",
    [
        b"5",
        b"[" * 99_999,
        b"[[]]",
        b'{"id": 1}',
        b'["x", "not a time", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]',
        b"\xff",
    ],
)
def test_a_file_made_on_purpose_leaves_neither_rows_nor_signing_keys(
    sown: Any, tmp_path: Path, row: bytes
) -> None:
    _, archive, _ = sown
    hostile = forged(archive, tmp_path / "hostile.zip", "rows/catalog_user.jsonl", row + b"\n")
    portal = Portal(tmp_path / "target")
    done(portal.manage("prepare"))
    kept = (portal.folder / "keys" / "secret_key").read_text()
    refused = portal.manage("restore", hostile)
    assert refused.returncode == 1
    assert "Nothing was restored. The rows of catalog_user do not fit" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (portal.folder / "keys" / "secret_key").read_text() == kept


def test_a_row_or_key_without_an_end_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.zip"
    with written(path, Manifest("now", "sqlite", [])) as writer:
        writer.add("rows/x.jsonl", [b"[1]\n", b"x" * 5_000])
        writer.add("keys/secret_key", [b"k" * 5_000])
    monkeypatch.setattr(backup_archive, "LONGEST_ROW", 1_000)
    monkeypatch.setattr(backup_archive, "LONGEST_TEXT", 1_000)
    with opened(path) as reader:
        reader.check()
        lines = reader.lines("rows/x.jsonl")
        assert next(lines) == b"[1]\n"
        with pytest.raises(BackupError, match="too long"):
            next(lines)
        with pytest.raises(BackupError, match="too long"):
            reader.text("keys/secret_key")


@pytest.mark.slow
def test_no_backup_is_overwritten_and_a_running_portal_is_not_replaced(sown: Any, tmp_path: Path) -> None:
    first, archive, _ = sown
    again = first.manage("backup", archive)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    portal = Portal(tmp_path / "running")
    held = portal.run(f"""
from pathlib import Path
from django.core.management import call_command, CommandError
from meshportal.run.up import locked
with locked(Path({str(portal.folder)!r})):
    try:
        call_command("restore", {str(archive)!r})
    except CommandError as error:
        print(json.dumps(str(error)))
""")
    assert "is in use by process" in held.stdout
