"""The supervisor keeps children running, and leaves none behind however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from meshportal.run.supervisor import Process, Supervisor

ROOT = Path(__file__).resolve().parents[3]
SLEEPER = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
PARENT_OF_A_STUBBORN_CHILD = """
import pathlib, signal, subprocess, sys, time
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(60)
"""


def eventually(condition: Callable[[], object], seconds: float = 10) -> object:
    """What `condition` says once it is true; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    pytest.fail("This never came true.")


def runs(pid: int) -> bool:
    """Whether the process exists and is more than a corpse waiting for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setattr("meshportal.run.supervisor.STOP_SECONDS", 0.5)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)  # pytest keeps its own handlers
    return Supervisor(tmp_path, dict(os.environ))


def test_dead_child_is_started_again_and_said_so(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    with supervisor:
        supervisor.start(process := Process("worker", SLEEPER))
        assert process.child
        first = process.child.pid
        process.child.kill()
        process.child.wait()
        supervisor.tend()
        assert "worker ended (signal SIGKILL); starting it again in 1 s." in capsys.readouterr().out
        assert process.restart_at is not None
        process.restart_at = time.monotonic()
        supervisor.tend()
        assert process.child.pid != first
        assert process.child.poll() is None


def test_child_that_keeps_dying_waits_longer_each_time(supervisor: Supervisor) -> None:
    pauses = []
    with supervisor:
        supervisor.start(process := Process("web", [sys.executable, "-S", "-c", "raise SystemExit(3)"]))
        for _ in range(7):
            assert process.child
            process.child.wait()
            before = time.monotonic()
            supervisor.tend()
            assert process.restart_at is not None
            pauses.append(round(process.restart_at - before))
            process.restart_at = time.monotonic()
            supervisor.tend()
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_stopping_reaches_grandchildren_that_ignore_the_polite_signal(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    with supervisor:
        supervisor.start(Process("web", [sys.executable, "-c", PARENT_OF_A_STUBBORN_CHILD, str(note)]))
        pid = int(str(eventually(lambda: note.exists() and note.read_text())))
        assert runs(pid)
    eventually(lambda: not runs(pid))


def test_failure_inside_still_stops_the_children(supervisor: Supervisor) -> None:
    process = Process("worker", SLEEPER)

    def fail() -> None:
        with supervisor:
            supervisor.start(process)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert process.child
    assert process.child.poll() is not None


def test_call_returns_the_status_while_others_are_tended(supervisor: Supervisor) -> None:
    with supervisor:
        assert supervisor.call([sys.executable, "-S", "-c", "raise SystemExit(7)"]) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_die_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from meshportal.run.supervisor import Process, Supervisor\n"
        "s = Supervisor(pathlib.Path.cwd(), dict(os.environ))\n"
        f"s.__enter__(); s.start(Process('worker', {SLEEPER!r}))\n"
        "print(s.processes[0].child.pid, flush=True)\n"
        "s.watch()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert runs(pid)
        parent.kill()
    eventually(lambda: not runs(pid))
