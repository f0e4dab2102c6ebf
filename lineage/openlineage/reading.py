"""What came over the wire, read: bytes to events or to problems with paths. Lenient; nothing raises but Invalid.

The rules are those of the OpenLineage specification 2 (RunEvent, DatasetEvent, JobEvent), by content rather than by
`schemaURL`, which clients of old versions leave out. What only a facet says is not judged here.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.common.decoding import DecodingError, decoded
from catalog.common.errors import Invalid, Problem
from lineage.openlineage.names import fitting, is_clean

RUN, DATASET, JOB = "run", "dataset", "job"
TYPES = frozenset({"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"})
LONGEST_RUN = 200  # characters of a run's id; clients that keep the rules send a UUID
DEEPEST = 200  # objects and lists within each other
MOST_PROBLEMS = 20  # told of one event
AHEAD = dt.timedelta(days=1)  # clocks go wrong; newer than that would win over everything to come
OLDEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_ZONE = re.compile(r"\[[^\]]*\]$")  # Java writes a moment's zone behind it: 2026-01-01T00:00Z[UTC]
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class TooLarge(Exception):
    """A body with more bytes than are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event that is one. `text` is its JSON, `digest` the same for the same said again."""

    kind: str
    event_type: str
    event_at: dt.datetime
    job_namespace: str
    job_name: str
    run_key: str
    text: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not an event."""

    problems: tuple[Problem, ...]

    @property
    def sentence(self) -> str:
        return " ".join(f"{problem.path}: {problem.message}" for problem in self.problems)


def read_json(raw: bytes, encoding: str, cap: int) -> Any:
    """The body as data; at most `cap` bytes, packed or not. Raises Invalid, or TooLarge."""
    try:
        text = b"".join(decoded([raw], encoding, cap))
    except DecodingError as error:
        if error.is_bomb:
            raise TooLarge(str(error)) from error
        raise _unreadable("encoding", str(error)) from error
    if _depth(text) > DEEPEST:
        raise _unreadable("depth", f"It is nested deeper than {DEEPEST} levels.")
    try:
        return json.loads(text.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise _unreadable("encoding", "It is not UTF-8.") from error
    except RecursionError as error:
        raise _unreadable("depth", "It is nested too deeply.") from error
    except ValueError as error:
        raise _unreadable("json", f"It is not JSON: {error}.") from error


def read_event(data: Any, *, now: dt.datetime, path: str = "$") -> Event | Refusal:
    """One event of the body, or why it is none."""
    if not isinstance(data, Mapping):
        return Refusal((_wrong(path, "An event is an object.", "type"),))
    kind = _kind(data)
    problems: list[Problem] = []
    at = _time(data.get("eventTime"), now, f"{path}.eventTime", problems)
    event_type = _type(data.get("eventType"), f"{path}.eventType", problems) if kind == RUN else ""
    run = _run(data.get("run"), f"{path}.run", problems) if kind == RUN else ""
    namespace, name = "", ""
    if kind in (RUN, JOB):
        namespace, name = _named(data.get("job"), f"{path}.job", problems)
        for member in ("inputs", "outputs"):
            _datasets(data.get(member), f"{path}.{member}", problems)
    elif kind == DATASET:
        _named(data.get("dataset"), f"{path}.dataset", problems)
    else:
        problems.append(_wrong(path, "It has neither a run and a job, nor a job, nor a dataset.", "required"))
    if problems or at is None:
        return Refusal(tuple(problems[:MOST_PROBLEMS]))
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).encode()
    return Event(
        kind=kind, event_type=event_type, event_at=at, job_namespace=fitting(namespace), job_name=fitting(name),
        run_key=run, text=text, digest=hashlib.sha256(text).hexdigest(),
    )  # fmt: skip


def moment(value: Any) -> dt.datetime | None:
    """A moment in ISO 8601 as clients write it, in UTC where it says no offset; None for anything else."""
    if not isinstance(value, str) or not 10 <= len(value) <= 60:
        return None
    try:
        found = dt.datetime.fromisoformat(_ZONE.sub("", value.strip()))
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _kind(data: Mapping[str, Any]) -> str:
    said = data.get("schemaURL")
    named = said.rpartition("/")[2] if isinstance(said, str) else ""
    if data.get("run") is not None or named == "RunEvent":
        return RUN
    if data.get("dataset") is not None and data.get("job") is None:
        return DATASET
    if data.get("job") is not None:
        return JOB
    return {"DatasetEvent": DATASET, "JobEvent": JOB}.get(named, "")


def _time(value: Any, now: dt.datetime, path: str, problems: list[Problem]) -> dt.datetime | None:
    at = moment(value)
    if value is None:
        problems.append(_wrong(path, "An event says when it happened.", "required"))
    elif at is None:
        problems.append(_wrong(path, "Write the moment as in 2026-03-01T12:00:00Z.", "date-time"))
    elif not OLDEST <= at <= now + AHEAD:
        problems.append(_wrong(path, "It lies before 1970, or more than a day ahead.", "range"))
    return at


def _type(value: Any, path: str, problems: list[Problem]) -> str:
    if value is None:
        return "OTHER"  # it is not required, and says nothing of the run's state then
    said = value.strip().upper() if isinstance(value, str) else ""
    if said not in TYPES:
        problems.append(_wrong(path, f"Say one of {', '.join(sorted(TYPES))}.", "enum"))
    return said


def _run(value: Any, path: str, problems: list[Problem]) -> str:
    if not isinstance(value, Mapping):
        problems.append(_wrong(path, "It names the run as an object with a runId.", _rule(value)))
        return ""
    _facets(value, ("facets",), path, problems)
    key = value.get("runId")
    if isinstance(key, str) and 0 < len(key.strip()) <= LONGEST_RUN and is_clean(key):
        return key.strip()
    words = f"A run's id is a text of 1 to {LONGEST_RUN} characters, better a UUID."
    problems.append(_wrong(f"{path}.runId", words, _rule(key)))
    return ""


def _datasets(value: Any, path: str, problems: list[Problem]) -> None:
    if value is None:
        return
    if not isinstance(value, Sequence) or isinstance(value, str):
        problems.append(_wrong(path, "Datasets are a list.", "type"))
        return
    for place, item in enumerate(value):
        _named(item, f"{path}[{place}]", problems)
        if len(problems) > MOST_PROBLEMS:
            return


def _named(value: Any, path: str, problems: list[Problem]) -> tuple[str, str]:
    """Namespace and name of a job or dataset."""
    if not isinstance(value, Mapping):
        problems.append(_wrong(path, "It is an object with a namespace and a name.", _rule(value)))
        return "", ""
    _facets(value, ("facets", "inputFacets", "outputFacets"), path, problems)
    found = [_text(value.get(member), f"{path}.{member}", problems) for member in ("namespace", "name")]
    return found[0], found[1]


def _text(value: Any, path: str, problems: list[Problem]) -> str:
    if not isinstance(value, str) or not value.strip():
        problems.append(_wrong(path, "It is a text with at least one character.", _rule(value)))
        return ""
    if not is_clean(value):
        problems.append(
            _wrong(path, "A name holds no NUL character and no half of a surrogate pair.", "text")
        )
    return value.strip()


def _facets(value: Mapping[str, Any], members: Sequence[str], path: str, problems: list[Problem]) -> None:
    for member in members:
        facets = value.get(member)
        if facets is not None and not isinstance(facets, Mapping):
            problems.append(_wrong(f"{path}.{member}", "Facets are an object, each under its name.", "type"))


def _rule(value: Any) -> str:
    return "required" if value is None else "type"


def _wrong(path: str, words: str, rule: str) -> Problem:
    return Problem(path, rule, words)


def _depth(text: bytes) -> int:
    """At least how deep it is nested; brackets within texts count as well, so a doubt is settled exactly."""
    brackets = text.translate(None, _NOT_BRACKETS)
    if len(brackets) <= 2 * DEEPEST:
        return 0
    if max(_levels(brackets)) <= DEEPEST:
        return 0
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", text, flags=re.DOTALL)
    return max(_levels(bare.translate(None, _NOT_BRACKETS)), default=0)


def _levels(brackets: bytes) -> Iterator[int]:
    level = 0
    for bracket in brackets:
        level += 1 if bracket in b"[{" else -1
        yield level


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _unreadable(rule: str, words: str) -> Invalid:
    return Invalid("The body cannot be read.", "Nothing was stored.", "", [Problem("$", rule, words)])
