"""What the worker is asked to do without being told by a change."""

from typing import Any

import pytest

from catalog.search import tasks


def test_worker_looks_for_an_index_as_soon_as_it_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.drain, "apply_async", lambda **options: asked.append(options))
    tasks.worker_ready.send(sender=None)
    assert asked == [{"expires": 20.0, "retry": False}]
