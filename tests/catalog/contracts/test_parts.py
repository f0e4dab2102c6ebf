"""What ODCS and ODPS have in common: versions as people write them."""

import pytest

from catalog.contracts.parts import semantic_version


@pytest.mark.parametrize(
    ("words", "version"),
    [("v2", "2.0.0"), ("1.4", "1.4.0"), ("2.0.1-rc.1", "2.0.1-rc.1"), ("", "1.0.0"), ("next", "0.0.0+next")],
)
def test_versions_become_semantic(words: str, version: str) -> None:
    assert semantic_version(words, "1.0.0") == version


@pytest.mark.parametrize("words", ["9" * 5_000, "v" + "9" * 5_000, "9" * 5_000 + ".0.0", "٣"])
def test_numbers_no_version_has_are_words(words: str) -> None:
    assert semantic_version(words, "1.0.0").startswith("0.0.0+")
