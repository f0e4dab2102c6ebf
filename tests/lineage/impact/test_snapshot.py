"""The snapshot on disk: whole or not there, fresh or said not to be, never trusted when it is damaged."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from lineage.impact import files, snapshot
from lineage.impact.changes import mark_above, mark_now, note_graph_changed
from lineage.impact.csr import Edges, build
from lineage.impact.rows import COLUMNS, PRODUCTS
from lineage.impact.snapshot import build_snapshot, is_due, opened
from lineage.impact.walking import Question, level_by_level, walked
from lineage.models import ColumnEdge, GraphChange, LineageEdge
from tests.lineage.impact.conftest import Mesh, end_edges

pytestmark = pytest.mark.django_db
SOME = build(Edges.of([(1, 2, 1, 0), (2, 3, 2, 0)]))


def test_a_snapshot_answers_what_the_database_answers(mesh: Mesh, data_folder: Path) -> None:
    ports = mesh.chain(4)
    assert is_due()
    assert build_snapshot()
    assert not is_due(is_thorough=True)
    for question in (
        Question(PRODUCTS, (ports[0].product_id,)),
        Question(PRODUCTS, (ports[3].product_id,), down=False),
        Question(COLUMNS, (mesh.column((ports[0], "a")).pk,)),
    ):
        walk, freshness = walked(question)
        naive = level_by_level(question)
        assert walk.ids.tolist() == naive.ids.tolist()
        assert walk.via.tolist() == naive.via.tolist()
        assert walk.parent.tolist() == naive.parent.tolist()
        assert freshness.is_current
        assert freshness.built_at is not None


def test_edges_that_began_or_ended_since_are_laid_over_it(mesh: Mesh, data_folder: Path) -> None:
    ports = mesh.chain(3)
    build_snapshot()
    later = mesh.product("Later")
    mesh.feeds([((ports[2], "a"), (later, "a"))])
    mesh.reads(later, ports[2])
    question = Question(COLUMNS, (mesh.column((ports[0], "a")).pk,))
    walk, freshness = walked(question)
    assert len(walk) == 4
    assert (freshness.is_current, freshness.is_complete, freshness.applied) == (False, True, 1)
    assert len(walked(Question(PRODUCTS, (ports[0].product_id,)))[0]) == 4
    end_edges(ColumnEdge.objects.filter(upstream__asset=ports[0].asset_id))
    assert len(walked(question)[0]) == 1
    end_edges(LineageEdge.objects.filter(upstream_id=ports[0].pk))
    assert len(walked(Question(PRODUCTS, (ports[0].product_id,)))[0]) == 1


def test_an_edge_that_ends_by_itself_is_there_until_then_and_not_after(
    mesh: Mesh, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = mesh.chain(2)
    third = mesh.product("Third")
    mesh.reads(third, second)
    end = timezone.now() + timezone.timedelta(hours=1)
    LineageEdge.objects.filter(upstream_id=second.pk).update(valid_to=end)
    question = Question(PRODUCTS, (first.product_id,))
    assert len(level_by_level(question)) == 3
    build_snapshot()
    walk, freshness = walked(question)
    assert (len(walk), freshness.is_current) == (3, True)
    monkeypatch.setattr(timezone, "now", lambda: end)
    assert len(level_by_level(question)) == 2
    walk, freshness = walked(question)
    assert (len(walk), freshness.is_current, freshness.applied) == (2, False, 1)
    monkeypatch.setattr(snapshot, "OLD", timezone.timedelta(0))
    assert is_due()


def test_too_many_changes_are_told_and_a_new_snapshot_is_due(
    mesh: Mesh, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = mesh.chain(2)
    build_snapshot()
    monkeypatch.setattr(snapshot, "MOST_OVERLAID", 3)
    mesh.feeds([((ports[0], "a"), (ports[1], f"c{n}")) for n in range(5)])
    walk, freshness = walked(Question(COLUMNS, (mesh.column((ports[0], "a")).pk,)))
    assert (len(walk), freshness.is_complete) == (2, False)
    assert "follow" in freshness.words
    assert is_due()
    build_snapshot()
    assert len(walked(Question(COLUMNS, (mesh.column((ports[0], "a")).pk,)))[0]) == 7


def test_a_few_changes_wait_until_the_snapshot_is_old(
    mesh: Mesh, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh.chain(2)
    build_snapshot()
    note_graph_changed()
    assert not is_due()
    monkeypatch.setattr(snapshot, "OLD", timezone.timedelta(0))
    assert is_due()


def test_what_was_written_past_the_trail_is_found_by_the_thorough_look(mesh: Mesh, data_folder: Path) -> None:
    mesh.chain(3)
    build_snapshot()
    ColumnEdge.objects.all().delete()
    assert not is_due()
    assert is_due(is_thorough=True)


def test_a_change_that_commits_late_is_noticed() -> None:
    GraphChange.objects.bulk_create([GraphChange(pk=10, at=timezone.now())])
    mark = mark_now()
    assert mark_above(mark.floor) == mark
    GraphChange.objects.bulk_create([GraphChange(pk=9, at=timezone.now())])
    assert mark_above(mark.floor) != mark


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "no seals", "nonsense"])
def test_a_damaged_snapshot_is_taken_out_and_the_database_answers(
    mesh: Mesh, data_folder: Path, damage: str
) -> None:
    ports = mesh.chain(3)
    build_snapshot()
    place = data_folder / files.current(data_folder)
    victim = place / "columns.down_to.npy"
    if damage == "flipped":
        content = bytearray(victim.read_bytes())
        content[-1] ^= 255
        victim.write_bytes(content)
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:-3])
    elif damage == "gone":
        victim.unlink()
    elif damage == "no seals":
        (place / files.SEALS).unlink()
    else:
        (place / files.SEALS).write_text("[]")
    walk, freshness = walked(Question(COLUMNS, (mesh.column((ports[0], "a")).pk,)))
    assert len(walk) == 3
    assert freshness.built_at is None
    assert opened() is None
    assert is_due()
    assert build_snapshot()
    assert walked(Question(COLUMNS, (mesh.column((ports[0], "a")).pk,)))[1].built_at is not None


def test_a_snapshot_of_another_database_is_not_read(
    mesh: Mesh, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh.chain(2)
    monkeypatch.setattr(snapshot, "_database", lambda: "somewhere else")
    build_snapshot()
    assert opened() is not None
    monkeypatch.undo()
    assert opened() is None


def test_readers_keep_what_they_opened_while_it_is_replaced_twice(tmp_path: Path) -> None:
    first = files.write(tmp_path, {"g": SOME}, {})
    held = files.read(tmp_path, first).graphs["g"]
    for _ in range(3):
        files.write(tmp_path, {"g": build(Edges.of([(7, 8, 1, 0)]))}, {})
    assert held.walk([1]).ids.tolist() == [1, 2, 3]
    assert not (tmp_path / first).exists()
    assert len([entry for entry in tmp_path.iterdir() if entry.is_dir()]) == 2
    assert isinstance(held.down_to, np.memmap)


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from lineage.impact import files
from lineage.impact.csr import Edges, build
written, real = 0, np.save
def save(*args, **kwargs):
    global written
    real(*args, **kwargs)
    written += 1
    if written == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
np.save = save
files.write(Path(sys.argv[1]), {"g": build(Edges.of([(5, 6, 1, 0)]))}, {})
"""


@pytest.mark.parametrize("after", [1, 5, 10])
def test_a_builder_killed_between_files_leaves_the_snapshot_before(tmp_path: Path, after: int) -> None:
    first = files.write(tmp_path, {"g": SOME}, {})
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(after)], env=dict(os.environ), check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert files.current(tmp_path) == first
    assert files.read(tmp_path, first).graphs["g"].walk([1]).ids.tolist() == [1, 2, 3]
    second = files.write(tmp_path, {"g": SOME}, {})
    assert {entry.name for entry in tmp_path.iterdir() if entry.is_dir()} == {first, second}
