"""Reading SQL in a process of its own, which is ended when its time is over: text from outside may be made to hang,
to grow or to crash the parser, and then harms that process and no other. One process reads many texts in turn.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from lineage.sql.shapes import Question, Statement, as_data, statement_from

SECONDS = 10.0  # for one text
STARTING = 60.0  # until it stands: a busy machine takes its time
_ROOT = Path(__file__).resolve().parent.parent.parent
_PIECE = 1 << 16
_LONGEST_ANSWER = 64 * 2**20
TOO_LONG = "It took longer than {seconds:g} s to understand; it was given up."
NO_COLUMNS = "Which columns come from which took too long to find out; only its tables are told."
ENDED = "The parser ended over it; it was given up."


class SqlReader:
    """Reads questions one after another; use it as a context, its process ends with it. Starts it when first asked."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "SqlReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, question: Question) -> tuple[Statement, ...]:
        """The statements of one text; never raises for what the text is, and takes twice `seconds` at most.

        When following its columns takes too long, its tables are told without them.
        """
        found, problem = self._asked(question)
        if found or not question.with_columns:
            return found or (Statement(problems=(problem,)),)
        found, _ = self._asked(replace(question, with_columns=False))
        if any(statement.kind for statement in found):
            return tuple(replace(one, problems=(*one.problems, NO_COLUMNS)) for one in found)
        return (Statement(problems=(problem,)),)

    def _asked(self, question: Question) -> tuple[tuple[Statement, ...], str]:
        """The statements, or why there are none."""
        child = self._started()
        deadline = time.monotonic() + self.seconds
        try:
            _write(child, (json.dumps(as_data(question)) + "\n").encode(), deadline)
            answer = _read_line(child, deadline)
            return tuple(statement_from(one) for one in json.loads(answer)), ""
        except TimeoutError:
            problem = TOO_LONG.format(seconds=self.seconds)
        except (EOFError, OSError, ValueError):
            problem = ENDED
        self._end()
        return (), problem

    def read_all(self, questions: Iterable[Question]) -> Iterator[tuple[Statement, ...]]:
        """The statements of each text in turn."""
        for question in questions:
            yield self.read(question)

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            self._end()
            self._child = subprocess.Popen(  # our own module, nothing from outside
                [sys.executable, "-m", "lineage.sql.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, cwd=_ROOT, start_new_session=True,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip
            _await_start(self._child)
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        child.wait()


def _pipes(child: "subprocess.Popen[bytes]") -> tuple[int, int]:
    """Where it is asked, and where it answers."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("The process was started without pipes.")
    return child.stdin.fileno(), child.stdout.fileno()


def _await_start(child: "subprocess.Popen[bytes]") -> None:
    for pipe in _pipes(child):
        os.set_blocking(pipe, False)
    deadline = time.monotonic() + STARTING
    _write(child, (json.dumps(as_data(Question(sql=""))) + "\n").encode(), deadline)
    _read_line(child, deadline)


def _write(child: "subprocess.Popen[bytes]", data: bytes, deadline: float) -> None:
    pipe, _ = _pipes(child)
    left = memoryview(data)
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_WRITE)
        while left:
            _wait(ready, deadline)
            left = left[os.write(pipe, left[:_PIECE]) :]


def _read_line(child: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    _, pipe = _pipes(child)
    found = bytearray()
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while not found.endswith(b"\n"):
            _wait(ready, deadline)
            piece = os.read(pipe, _PIECE)
            if not piece or len(found) > _LONGEST_ANSWER:
                raise EOFError
            found += piece
    return bytes(found)


def _wait(ready: selectors.BaseSelector, deadline: float) -> None:
    if not ready.select(max(0.0, deadline - time.monotonic())):
        raise TimeoutError
