"""Benchmarks run only when they are asked for (`./mesh bench`, `pytest -m benchmark`): tests must stay quick."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "benchmark" in str(config.getoption("markexpr")):
        return
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.skip(reason="a benchmark: ./mesh bench"))
