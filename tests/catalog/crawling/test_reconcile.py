"""What a crawl means: the table of rules, and that a second identical crawl means nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.crawling.reconcile import BELIEVED_AFTER, Key, Known, Outcome, Reconciliation, Seen, reconcile

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KNOWN = Known("table", "Plays", {"table": "plays"}, "f1")
SEEN = Seen("table", "Plays", {"table": "plays"}, "f1")


def keys(count: int) -> list[Key]:
    return [Key("sqlite://store", f"table{number}") for number in range(count)]


@pytest.mark.parametrize(
    ("known", "seen", "outcome", "is_new_schema"),
    [
        (None, SEEN, "new", True),
        (None, replace(SEEN, fingerprint=None), "new", False),
        (KNOWN, SEEN, "unchanged", False),
        (KNOWN, replace(SEEN, fingerprint=None), "unchanged", False),
        (KNOWN, replace(SEEN, fingerprint="f2"), "changed", True),
        (KNOWN, replace(SEEN, comment="All plays"), "changed", False),
        (KNOWN, replace(SEEN, kind="view"), "changed", False),
        (KNOWN, replace(SEEN, address={"table": "Plays"}), "changed", False),
        (replace(KNOWN, fingerprint=""), SEEN, "changed", True),
        (replace(KNOWN, vanished_at=NOW), SEEN, "changed", False),
        (replace(KNOWN, missing_since=NOW), SEEN, "unchanged", False),
        (KNOWN, replace(SEEN, error="The file is damaged.", fingerprint=None), "failed", False),
        (None, Seen(error="The file is damaged."), "failed", False),
    ],
)
def test_seen_asset_is_judged(known: Known | None, seen: Seen, outcome: str, is_new_schema: bool) -> None:
    (key,) = keys(1)
    found = reconcile({key: known} if known else {}, {key: seen}, is_complete=True, now=NOW)
    verdict = found.verdicts[key]
    assert (verdict.outcome, verdict.is_new_schema) == (outcome, is_new_schema)
    assert verdict.vanished_at is None
    assert verdict.missing_since is None


@pytest.mark.parametrize(
    ("known", "seen", "is_new", "words"),
    [
        ("", "", False, ""),
        ("", "d1", True, "Its SQL was read for the first time."),
        ("d1", "d1", False, ""),
        ("d1", "d2", True, "Its SQL changed."),
        ("d1", "", False, ""),  # the store does not tell any more: what is known stays
    ],
)
def test_sql_of_a_view_is_compared(known: str, seen: str, is_new: bool, words: str) -> None:
    (key,) = keys(1)
    before, after = replace(KNOWN, definition=known), replace(SEEN, definition=seen)
    verdict = reconcile({key: before}, {key: after}, is_complete=True, now=NOW).verdicts[key]
    assert (verdict.is_new_definition, verdict.message) == (is_new, words)
    assert verdict.outcome == ("changed" if is_new else "unchanged")


def listing(known: int, seen: int, *, is_complete: bool = True, **how: object) -> Reconciliation:
    names = keys(known)
    item = replace(KNOWN, **how)  # type: ignore[arg-type]
    return reconcile(
        dict.fromkeys(names, item), dict.fromkeys(names[:seen], SEEN), is_complete=is_complete, now=NOW
    )


@pytest.mark.parametrize(
    ("known", "seen", "vanished", "held"),
    [
        (10, 10, 0, 0),
        (10, 9, 1, 0),
        (10, 8, 2, 0),
        (10, 7, 0, 3),  # 30 %
        (3, 1, 2, 0),  # few
        (2, 1, 1, 0),
        (1, 0, 0, 1),  # everything
        (2, 0, 0, 2),
        (100, 80, 20, 0),
        (100, 79, 0, 21),
        (0, 0, 0, 0),
    ],
)
def test_small_loss_is_believed_and_a_large_one_is_not(
    known: int, seen: int, vanished: int, held: int
) -> None:
    found = listing(known, seen)
    assert found.counts()["vanished"] == vanished
    assert (
        sum(item.missing_since is not None and item.vanished_at is None for item in found.verdicts.values())
        == held
    )
    assert bool(found.suspicion) == bool(held)


@pytest.mark.parametrize("seen", [0, 1, 50])
def test_incomplete_listing_never_loses_anything(seen: int) -> None:
    found = listing(50, seen, is_complete=False)
    assert found.counts()["vanished"] == 0
    assert len(found.verdicts) == seen


def test_large_loss_is_believed_after_a_day_of_complete_listings() -> None:
    early = listing(10, 0, missing_since=NOW - BELIEVED_AFTER + timedelta(seconds=1))
    late = listing(10, 0, missing_since=NOW - BELIEVED_AFTER)
    assert early.counts()["vanished"] == 0
    assert late.counts()["vanished"] == 10
    assert {item.vanished_at for item in late.verdicts.values()} == {NOW}


def test_already_vanished_assets_are_no_new_loss() -> None:
    found = listing(10, 0, vanished_at=NOW - timedelta(days=9), missing_since=NOW - timedelta(days=10))
    assert found.counts()["unchanged"] == 10
    assert {item.vanished_at for item in found.verdicts.values()} == {NOW - timedelta(days=9)}


def test_asset_asked_for_by_name_and_gone_is_held_first() -> None:
    (key,) = keys(1)
    found = reconcile({key: KNOWN}, {key: Seen(is_gone=True)}, is_complete=False, now=NOW)
    assert found.verdicts[key].outcome == Outcome.FAILED
    assert found.verdicts[key].missing_since == NOW


def test_one_of_many_gone_is_believed_at_once() -> None:
    first, *others = keys(10)
    seen = dict.fromkeys(others, SEEN) | {first: Seen(is_gone=True)}
    found = reconcile(dict.fromkeys([first, *others], KNOWN), seen, is_complete=True, now=NOW)
    assert found.verdicts[first].outcome == Outcome.VANISHED
    assert found.suspicion == ""


def test_gone_thing_nobody_knew_is_no_news() -> None:
    (key,) = keys(1)
    assert reconcile({}, {key: Seen(is_gone=True)}, is_complete=True, now=NOW).verdicts == {}


SEEN_THINGS = st.dictionaries(
    st.sampled_from(keys(8)),
    st.builds(
        Seen,
        kind=st.sampled_from(["table", "view"]),
        comment=st.sampled_from(["", "Plays"]),
        fingerprint=st.sampled_from([None, "f1", "f2"]),
        error=st.sampled_from(["", "Damaged."]),
    ),
)


@given(before=SEEN_THINGS, seen=SEEN_THINGS)
def test_same_crawl_twice_changes_nothing_the_second_time(
    before: dict[Key, Seen], seen: dict[Key, Seen]
) -> None:
    known = written({}, before, NOW)
    known = written(known, seen, NOW)
    again = reconcile(known, seen, is_complete=True, now=NOW)
    assert again.counts()["new"] == sum(
        bool(item.error) is False and key not in known for key, item in seen.items()
    )
    assert again.counts()["changed"] == 0
    assert again.counts()["vanished"] == 0
    assert written(known, seen, NOW) == known


def written(known: dict[Key, Known], seen: dict[Key, Seen], now: datetime) -> dict[Key, Known]:
    """What the portal knows after storing the verdicts of a crawl."""
    after = dict(known)
    for key, verdict in reconcile(known, seen, is_complete=True, now=now).verdicts.items():
        item = seen.get(key)
        old = known.get(key)
        if item is not None and not item.error:
            after[key] = Known(
                item.kind,
                item.comment,
                item.address,
                (old.fingerprint if old else "") if item.fingerprint is None else item.fingerprint,
            )
        elif old is not None:
            after[key] = replace(old, missing_since=verdict.missing_since, vanished_at=verdict.vanished_at)
    return after
