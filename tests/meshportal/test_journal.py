"""The list of what happened survives what happened: cut lines, size, a folder nobody may write."""

import time
from pathlib import Path

import pytest

from meshportal import journal


def test_newest_first_and_broken_lines_are_skipped(tmp_path: Path) -> None:
    journal.note(tmp_path, "web", "First.")
    journal.note(tmp_path, "worker", "Second.")
    path = tmp_path / "logs" / journal.NAME
    with path.open("a") as file:
        file.write('{"at": 1, "part": "we\n[]\n{"at": "x", "part": 1, "sentence": 2}\n')
    assert [event.sentence for event in journal.latest(tmp_path)] == ["Second.", "First."]
    assert path.stat().st_mode & 0o077 == 0


def test_it_stays_small_and_keeps_the_newest(tmp_path: Path) -> None:
    for number in range(1_000):
        journal.note(tmp_path, "web", f"Event {number} " + "x" * 400)
    assert (tmp_path / "logs" / journal.NAME).stat().st_size <= journal.LIMIT + 1_000
    assert journal.latest(tmp_path)[0].sentence.startswith("Event 999 ")


def test_nowhere_to_write_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal.note(tmp_path / "file", "web", "Lost.")
    assert journal.latest(tmp_path / "file") == []


def test_what_many_meet_is_noted_once_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        journal.note_rarely(tmp_path, "database", "Away.")
        journal.note_rarely(tmp_path, "disk", "Full.")
    assert [event.sentence for event in journal.latest(tmp_path)] == ["Full.", "Away."]
    later = time.monotonic() + journal.QUIET_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    journal.note_rarely(tmp_path, "database", "Away.")
    assert len(journal.latest(tmp_path)) == 3
