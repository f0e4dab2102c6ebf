"""Segments written in lists of terms: merged, spilled or whole, they say the same, and stock Whoosh reads them."""

import random
from pathlib import Path

import pytest
from whoosh import query as wq  # noqa: TID251  # the stock reader is what is compared with

from catalog.search import analysis, terms
from catalog.search.backends.whoosh import WhooshBackend, backend, writing
from catalog.search.backends.whoosh.pool import TermPool
from catalog.search.backends.whoosh.segment import DamagedIndex, WhooshSegment
from catalog.search.documents import DocKey, IndexUnavailable, SearchDocument
from catalog.search.query import parse
from tests.factories.search import make_document, make_mesh, make_queries

ALL = frozenset({"all"})


def everything(index: WhooshBackend) -> list[object]:
    """What 60 queries find in every kind, with scores and facets, and all fingerprints."""
    found: list[object] = [dict(index.fingerprints())]
    for text, _ in make_queries(60):
        for kind in ("product", "port", "column"):
            hits = index.search(parse(text, kind=kind, page_size=500), ALL)
            found.append(
                (hits.count, {(hit.key, hit.column, round(hit.score, 3)) for hit in hits.hits}, hits.facets)
            )
    return found


def test_merged_segments_say_what_one_written_at_once_says(tmp_path: Path) -> None:
    """Commits of all sizes, with replacements and removals between them."""
    documents = list(make_mesh(150))
    grown, whole = WhooshBackend(tmp_path / "grown"), WhooshBackend(tmp_path / "whole")
    grown.rebuild([])
    pick, start = random.Random(3), 0
    while start < len(documents):
        size = pick.choice((1, 2, 7, 40))
        grown.upsert(
            make_document("Old words", row=d.key.id, kind=d.key.kind) for d in documents[start : start + 3]
        )
        grown.upsert(documents[start : start + size])
        start += size
    grown.upsert([make_document("Not for long", row=9_999)])
    grown.remove([DocKey("product", 9_999), *(d.key for d in documents[:20])])
    grown.upsert(documents[:20])
    whole.rebuild(documents)
    assert everything(grown) == everything(whole)
    snapshot = grown._store.snapshot(newest=True)
    assert 1 <= len(snapshot.segments) < 8
    assert sum(part.size for part in snapshot.segments) < 2.5 * len(documents), "what was deleted is given up"


def test_what_spills_to_disk_is_joined_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = list(make_mesh(40))
    whole, spilled = WhooshBackend(tmp_path / "whole"), WhooshBackend(tmp_path / "spilled")
    whole.rebuild(documents)
    monkeypatch.setattr(writing, "BUFFER", 50_000)
    runs: list[int] = []
    groups = TermPool.groups
    monkeypatch.setattr(TermPool, "groups", lambda self: runs.append(len(self._runs)) or groups(self))
    spilled.rebuild(documents)
    assert runs[0] > 3
    assert everything(spilled) == everything(whole)


def test_stock_whoosh_reads_what_is_written(tmp_path: Path) -> None:
    documents = list(make_mesh(60))
    index = WhooshBackend(tmp_path)
    index.rebuild(documents[:50])
    index.upsert(documents[50:])
    index.upsert(documents[:10])
    key = {f"{d.key.kind}:{d.key.id}" for d in documents}
    words = {part for d in documents for part in terms.sequence(d)}
    with index._store.open_index().searcher() as searcher:
        assert {text.decode() for text in searcher.reader().lexicon("key")} == key
        assert {text.decode() for text in searcher.reader().lexicon("words")} == words
        for document in documents[:20]:
            place = wq.Phrase("words", analysis.parts(document.texts[0])[:4])
            expected = sum(_holds(other, place.words) for other in documents)
            assert len(list(searcher.docs_for_query(place))) == expected > 0
            (number,) = searcher.docs_for_query(wq.Term("key", f"{document.key.kind}:{document.key.id}"))
            stored = searcher.stored_fields(number).get("column_paths", [])
            assert stored == (list(document.columns) if document.key.kind == "port" else [])


def _holds(document: SearchDocument, phrase: list[str]) -> bool:
    found = terms.sequence(document)
    return any(found[start : start + len(phrase)] == phrase for start in range(len(found)))


def test_of_a_key_that_comes_twice_the_last_counts(tmp_path: Path) -> None:
    index = WhooshBackend(tmp_path)
    index.rebuild([make_document("Before", row=1)])
    others = [make_document(f"Other {row}", row=row) for row in range(2, backend.AT_ONCE + 50)]
    index.upsert(iter([make_document("First", row=1), *others, make_document("Last", row=1), *others[:3]]))
    assert index.count() == len(others) + 1
    assert index.search(parse("last"), ALL).count == 1
    assert index.search(parse("first"), ALL).count == index.search(parse("before"), ALL).count == 0


def test_documents_that_cannot_be_loaded_leave_the_index_as_it_was(tmp_path: Path) -> None:
    index = WhooshBackend(tmp_path)
    index.rebuild(make_mesh(5))
    before = dict(index.fingerprints())

    def broken():  # type: ignore[no-untyped-def]
        yield make_document("Half a batch", row=1)
        raise ValueError("gone")

    with pytest.raises(ValueError, match="gone"):
        index.upsert(broken())
    assert dict(index.fingerprints()) == before
    index.upsert([make_document("Again", row=1)])
    assert index.search(parse("again"), ALL).count == 1


def test_damage_met_while_merging_is_unavailability_and_gives_the_lock_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = WhooshBackend(tmp_path)
    index.rebuild(make_mesh(5))

    news = [make_document(f"New {row}", row=row) for row in range(100, 110)]

    def damaged(*_: object, **__: object) -> None:
        raise DamagedIndex("torn")

    with monkeypatch.context() as patch:
        patch.setattr(WhooshSegment, "term_lists", damaged)
        with pytest.raises(IndexUnavailable, match="torn"):
            index.upsert(news)
    assert index.count() == 10, "readers have what they had"
    index.upsert(news)
    assert index.count() == 20
