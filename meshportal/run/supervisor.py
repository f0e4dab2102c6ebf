"""Child processes that start together, are started again when they die, and never outlive their parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from meshportal import journal
from meshportal.run.environment import say
from meshportal.run.logfiles import Pump

STOP_SECONDS = 12.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # who ran this long is started again at once
TITLES = {"web": "The web server", "worker": "The worker", "valkey": "Valkey"}
PR_SET_PDEATHSIG = 1


@dataclass
class Process:
    """One child: its command, and how often it died lately. `last`: others need it while they stop."""

    name: str
    command: list[str]
    last: bool = False
    child: "subprocess.Popen[bytes] | None" = None
    deaths: int = 0
    started_at: float = 0.0
    restart_at: float | None = field(default=None)
    last_words: str = ""  # how it ended the last time, for people


class Supervisor:
    """Use as a context manager: leaving it stops everything, whatever happened inside.

    Every child leads a process group of its own, so that Ctrl-C in the terminal reaches this process alone and
    stopping reaches grandchildren too. On Linux the kernel ends the children should this process be killed.
    """

    def __init__(self, folder: Path, env: dict[str, str], pump: Pump | None = None) -> None:
        self.folder, self.env = folder, env
        self.pump = pump  # keeps what the processes write; without one they write where this process does
        self.processes: list[Process] = []
        self.stopping = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self.pump:
            self.pump.close()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def start(self, process: Process) -> None:
        """Start a child and keep it running from now on."""
        self.processes.append(process)
        self._spawn(process)

    def _spawn(self, process: Process) -> None:
        process.child = self._popen(process.command, kept=self.pump is not None)
        if self.pump and process.child.stdout:
            self.pump.add(process.name, process.child.stdout)  # type: ignore[arg-type]  # a binary stream
        process.started_at, process.restart_at = time.monotonic(), None

    def _popen(self, command: list[str], *, kept: bool = False) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if kept else None,
            stderr=subprocess.STDOUT if kept else None,
            start_new_session=True,
            preexec_fn=_die_with_parent
            if sys.platform == "linux"
            else None,  # safe: this process has one thread
        )

    def call(self, command: list[str]) -> int:
        """Run a command to its end while tending the others; returns its status, 0 when asked to stop meanwhile."""
        child = self._popen(command)
        while child.poll() is None:
            if self.stopping:
                _end([child], STOP_SECONDS, self.wait)
                return 0
            self.tend()
            self.wait(0.1)
        return int(child.returncode)

    def watch(self) -> None:
        """Keep the children running until somebody asks to stop."""
        while not self.stopping:
            self.tend()
            self.wait(0.3)

    def wait(self, seconds: float) -> None:
        """Let time pass; what the children write meanwhile is moved on, so call this instead of sleeping."""
        if self.pump:
            self.pump.wait(seconds)
        else:
            time.sleep(seconds)

    def tend(self) -> None:
        """Start again what died, later each time it dies soon after its start."""
        now = time.monotonic()
        for process in self.processes:
            if self.stopping or process.child is None:
                continue
            if process.restart_at is not None:
                if now >= process.restart_at:
                    self._spawn(process)
                    self._note(process, f"{process.last_words} It was started again.")
            elif (status := process.child.poll()) is not None:
                process.deaths = 1 if now - process.started_at > STEADY_SECONDS else process.deaths + 1
                pause = min(2.0 ** (process.deaths - 1), LONGEST_PAUSE)
                process.restart_at = now + pause
                _kill_group(process.child, signal.SIGKILL)  # what it may have left behind
                process.last_words = f"{TITLES.get(process.name, process.name)} {_told(status)}."
                say(f"{process.name} ended ({_words(status)}); starting it again in {pause:.0f} s.")

    def _note(self, process: Process, sentence: str) -> None:
        """For the operations page, which is there again when this has happened."""
        if folder := self.env.get("MESHPORTAL_DATA_DIR"):
            journal.note(Path(folder), process.name, sentence)

    def stop(self) -> None:
        """End all children: those others need at last, politely first, by force after STOP_SECONDS."""
        self.stopping = True
        for last in (False, True):
            children = [item.child for item in self.processes if item.child and item.last is last]
            _end(children, STOP_SECONDS, self.wait)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _words(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"


def _told(status: int) -> str:
    return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended with status {status}"


def _kill_group(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _end(
    children: "list[subprocess.Popen[bytes]]", seconds: float, wait: Callable[[float], None] = time.sleep
) -> None:
    """TERM to every group, KILL to those still there after `seconds`, and to what a dead leader left."""
    for child in children:
        _kill_group(child, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(child.poll() is None for child in children):
        wait(0.05)
    for child in children:
        _kill_group(child, signal.SIGKILL)
        child.wait()
