"""Lineage events real clients wrote, named by MESHPORTAL_FIXTURES: each is taken, or refused with a path."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.common.errors import Invalid
from lineage.models import Job, LineageEdge, LineageEvent, Run
from lineage.openlineage import receiving
from lineage.openlineage.projecting import project_waiting
from lineage.openlineage.reading import Refusal, read_event, read_json
from tests.conftest import Cast

FOLDER = Path(os.environ.get("MESHPORTAL_FIXTURES", "") or "/nonexistent")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(),
        reason="MESHPORTAL_FIXTURES names no folder of real documents: conformance is not checked",
    ),
]
LARGEST = 50_000_000
SIGNS = {"eventTime", "eventType", "run", "job", "dataset"}
CAPTURED = "captured-real-clients"


def documents() -> Iterator[tuple[str, Any]]:
    """Every document that looks like an event, or lists some, with its path."""
    for path in sorted([*FOLDER.glob("openlineage/**/*"), *FOLDER.glob("marquez/**/*")]):
        if path.suffix not in {".json", ".ndjson", ".jsonl"} or "schemas" in path.parts:
            continue
        name, raw = str(path.relative_to(FOLDER)), path.read_bytes()
        try:
            found = [read_json(raw, "", LARGEST)]
        except Invalid:
            found = [
                read_json(line, "", LARGEST) for line in raw.splitlines() if line.strip().startswith(b"{")
            ]
        for document in found:
            for item in document if isinstance(document, list) else [document]:
                event = item.get("body", item) if isinstance(item, dict) else item
                for one in event if isinstance(event, list) else [event]:
                    if isinstance(one, dict) and len(SIGNS & one.keys()) > 1:
                        yield name, one


def test_every_event_is_taken_or_refused_with_a_path_and_all_taken_are_projected(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: dict[str, Counter[str]] = {}
    now = timezone.now()
    receiving.forget_room()
    for name, event in documents():
        folder = "/".join(name.split("/")[:2])
        found = read_event(event, now=now)
        if isinstance(found, Refusal):
            assert all(problem.path.startswith("$") and problem.message for problem in found.problems), name
            assert CAPTURED not in name, (name, found.sentence)
            counts.setdefault(folder, Counter())["refused"] += 1
            continue
        receiving.take_event(actor=cast.admin, data=event)
        counts.setdefault(folder, Counter())["taken"] += 1
    while project_waiting():
        pass
    failed = LineageEvent.objects.exclude(state="projected")
    assert not [(event.job_name, event.problem) for event in failed]
    with capsys.disabled():
        for folder, found_there in sorted(counts.items()):
            words = ", ".join(f"{number} {word}" for word, number in sorted(found_there.items()))
            print(f"\n{folder}: {words}", end="")  # noqa: T201
        made = f"{Job.objects.count()} jobs, {Run.objects.count()} runs, {LineageEdge.objects.count()} edges"
        print(f"\nall together: {made}", end="")  # noqa: T201
    assert sum(found["taken"] for found in counts.values()) >= 100
    assert LineageEdge.objects.filter(upstream_kind="asset").exists()
