"""Log lines say what they belong to and hold no secret, in both formats; files are rotated by size."""

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from catalog.common import crypto, log_context
from catalog.crawling import runner, services
from meshportal import logs, redaction
from meshportal.run.logfiles import Pump
from meshportal.run.supervisor import Process, Supervisor
from tests import factories as make

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "mesh_abcDEF123456-_abcDEF123456"
LINK = "kTq8vQ1xTz2nD0m7"


def record(message: str, *args: object, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("catalog.x", logging.INFO, __file__, 1, message, args, more.get("exc_info"))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"refused {TOKEN}", TOKEN),
        (f"Not Found: /account/link/{LINK}/", LINK),
        ("headers {'Authorization': 'Bearer abc.def-123'}", "abc.def-123"),
        ("connecting to postgresql://mesh:hunter22@db/x", "hunter22"),
        ("could not sign in: password='hunter 22', user=a", "hunter 22"),
        ('{"password": "hunter22", "user": "a"}', "hunter22"),
        ("dsn host=db password=hunter22 dbname=x", "hunter22"),
        ("config {'api_key': 'hunter22'}", "hunter22"),
        ("Cookie: sessionid=abcdefghij; csrftoken=klmnopqrst", "abcdefghij"),
        ("Cookie: sessionid=abcdefghij; csrftoken=klmnopqrst", "klmnopqrst"),
        (f"row gAAAAABl{'x' * 40}==", "x" * 40),
        ("key a+b/c=d%20known-signing-key", "known-signing-key"),
        ("key quoted%2Fknown%3D", "quoted%2Fknown%3D"),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "MIIabc"),
    ],
)
def test_secrets_are_taken_out_by_value_and_by_shape(text: str, secret: str) -> None:
    known = redaction.known_values(["known-signing-key", "quoted/known="])
    cleaned = redaction.redact(text, known)
    assert secret not in cleaned
    assert redaction.GONE in cleaned


def test_ordinary_words_stay() -> None:
    text = "Crawl 12 of Lake: 3 tables, password rules unchanged, see https://example.org:8443/a?b=c"
    assert redaction.redact(text, redaction.known_values(["short", ""])) == text


@pytest.mark.parametrize("piece", ["a-", "-token", "bearer ", "password", "://a:", "mesh_", "token    "])
def test_a_long_line_of_a_stranger_costs_no_more_than_its_length(piece: str) -> None:
    """What is asked for stands in the log before anybody signed in; a quadratic pattern needs minutes here."""
    long = piece * (16_000 // len(piece))
    short = min(_seconds_of(long[:1_000]) for _ in range(3))
    assert min(_seconds_of(long) for _ in range(2)) < 60 * max(short, 0.005)


def _seconds_of(text: str) -> float:
    started = time.perf_counter()
    redaction.redact(text)
    return time.perf_counter() - started


@pytest.mark.parametrize("form", logs.FORMATS)
def test_lines_carry_marks_and_no_secret_of_message_or_traceback(form: str) -> None:
    described = logs.configuration("INFO", form, ("known-signing-key",))["formatters"]["chosen"]
    maker = {"line": logs.LineFormatter, "json": logs.JsonFormatter}[form]
    formatter = maker(**{name: value for name, value in described.items() if name != "()"})
    try:
        raise ValueError(f"password=hunter22 {TOKEN} known-signing-key")
    except ValueError:
        told = record("a\nINFO forged %s", f"Bearer {TOKEN}", exc_info=sys.exc_info())
    with log_context.carrying(request_id="req-1"), log_context.carrying(run_id=7):
        text = formatter.format(told)
    for secret in ("hunter22", TOKEN, "known-signing-key"):
        assert secret not in text
    assert "ValueError" in text
    if form == "json":
        assert "\n" not in text
        fields = json.loads(text)
        assert (fields["request_id"], fields["run_id"], fields["task_id"]) == ("req-1", "7", None)
        assert fields["message"].startswith("a\nINFO forged")
        assert (fields["level"], fields["logger"]) == ("INFO", "catalog.x")
    else:
        assert "[req-1 run_id=7] a\\nINFO forged" in text
    assert log_context.present() == {}


@pytest.mark.django_db(transaction=True)
def test_lines_of_a_crawl_carry_its_run_in_every_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("could not store, password=hunter22")

    monkeypatch.setattr(runner, "store", fail)
    handler = Kept()
    handler.setFormatter(logs.JsonFormatter())
    logger = logging.getLogger("catalog.crawling.runner")
    logger.addHandler(handler)
    try:
        stores = [
            make.make_connection(secret=crypto.encrypt({"password": "hunter22"}), config={"path": "/nowhere"})
            for _ in range(3)
        ]
        runs = [services.request_crawl(actor=None, connection=store).pk for store in stores]
        with log_context.carrying(task_id="task-1"):
            runner.run_batch(runs, threads=2)
    finally:
        logger.removeHandler(handler)
    assert "hunter22" not in "".join(lines)
    assert sorted(json.loads(line)["run_id"] for line in lines) == sorted(str(run) for run in runs)
    assert {json.loads(line)["task_id"] for line in lines} == {"task-1"}


def test_what_children_write_is_kept_in_files_rotated_by_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    monkeypatch.setenv("MESHPORTAL_LOG_BYTES", "2000")
    monkeypatch.setenv("MESHPORTAL_LOG_FILES", "2")
    lines = "import sys\nfor n in range(300): print('line', n, flush=n % 10 == 0)\n"
    script = f"{lines}print('last words', file=sys.stderr)"
    with Supervisor(ROOT, {}, Pump(tmp_path / "logs")) as supervisor:
        supervisor.processes.append(child := Process("web", [sys.executable, "-S", "-c", script]))
        supervisor._spawn(child)
        end = time.monotonic() + 20
        folder = tmp_path / "logs"
        while time.monotonic() < end:
            if any(b"last words" in path.read_bytes() for path in folder.iterdir()):
                break
            supervisor.wait(0.05)
    files = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert files[0] == "web.log"
    assert set(files) <= {"web.log", "web.log.1", "web.log.2"}
    for path in (tmp_path / "logs").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert path.read_bytes()[-1:] in (b"", b"\n"), "files change between lines"
    shown = capfdbinary.readouterr().err
    assert b"line 0\n" in shown
    assert b"line 299\n" in shown
    assert b"last words\n" in shown
