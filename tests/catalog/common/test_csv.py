"""Exports never run as formulas and read back as what they were."""

import csv
from datetime import UTC, datetime

import pytest

from catalog.common.csv import csv_response, neutralise


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "\n=1", "  =1", "\uff1d1", "=cmd|'/C calc'!A0"]
)
def test_formulas_are_shown_as_text(cell: str) -> None:
    assert neutralise(cell) == "'" + cell


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "true"),
        (-3, "-3"),
        (0.5, "0.5"),
        ("Play events", "Play events"),
        (["a", "b"], "a, b"),
        (datetime(2026, 11, 1, 12, tzinfo=UTC), "2026-11-01T12:00:00Z"),
        ("a=b", "a=b"),
    ],
)
def test_other_values_are_written_plainly(cell: object, text: str) -> None:
    assert neutralise(cell) == text


def test_download_reads_back_with_quotes_commas_and_every_script() -> None:
    rows = [['say "hi", twice', "líne\nbreak 漢字 🎧"], ["=evil()", 7]]
    response = csv_response("exported products.csv", ["name", "=value"], (row for row in rows))
    text = b"".join(response.streaming_content).decode()
    assert list(csv.reader(text.splitlines(keepends=True))) == [
        ["name", "'=value"],
        rows[0],
        ["'=evil()", "7"],
    ]
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="exported products.csv"'
