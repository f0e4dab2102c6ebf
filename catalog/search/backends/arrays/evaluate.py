"""A query against a snapshot: which documents match, and how well (see `catalog.search.ranking`).

Everything is an array over all documents of the snapshot; the reader's audience limits every count and every choice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from catalog.search import analysis, ranking
from catalog.search.backends.arrays.phrase import phrase_mask
from catalog.search.backends.arrays.segment import FloatArray
from catalog.search.backends.arrays.snapshot import Audience, Mask, Snapshot
from catalog.search.documents import Correction
from catalog.search.expand import Expander
from catalog.search.query import Clause, SearchQuery

ANY_FIELD = tuple(ranking.FIELDS)


@dataclass(slots=True)
class Evaluation:
    """`matches` meet every clause; `relevance` (0..1) is above 0 where any word matches; `score` is the rank's."""

    matches: Mask
    relevance: FloatArray
    tier: FloatArray
    canonical: str = ""
    needs: list[frozenset[str]] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Totals:
    """What has been gathered of the words so far."""

    matches: Mask
    relevance: FloatArray
    in_name: Mask
    in_columns: Mask
    idf: float = 0.0
    surfaces: list[str] = field(default_factory=list)
    needs: list[frozenset[str]] = field(default_factory=list)


def evaluate(snapshot: Snapshot, query: SearchQuery, audience: Audience) -> Evaluation:
    """Evaluate all clauses. Words nobody visible uses are completed or corrected, and reported."""
    expander = _expander(snapshot, audience)
    size = snapshot.size
    totals = _Totals(
        audience.mask.copy(), np.zeros(size, np.float32), np.ones(size, np.bool_), np.ones(size, np.bool_)
    )
    for clause in query.clauses:
        if clause.is_negated:
            totals.matches &= ~_plain_mask(snapshot, clause)
        elif clause.facets:
            totals.matches &= _facet_mask(snapshot, clause)
        else:
            _add_words(snapshot, audience, clause, expander, totals)
            if clause.is_phrase and not clause.field:
                totals.matches &= phrase_mask(snapshot, clause.parts, totals.matches)
    if totals.idf:
        totals.relevance /= np.float32(totals.idf)
    canonical = "_".join(totals.surfaces)
    return Evaluation(
        totals.matches,
        totals.relevance,
        _tiers(snapshot, totals, canonical),
        canonical,
        totals.needs,
        expander.corrections,
        expander.unknown,
    )


def _expander(snapshot: Snapshot, audience: Audience) -> Expander:
    def uses(term: str, fields: tuple[str, ...]) -> int:
        return sum(int(np.count_nonzero(audience.mask[snapshot.postings(f, term).ids])) for f in fields)

    return Expander(uses, lambda: snapshot.lexicons)


def _add_words(
    snapshot: Snapshot, audience: Audience, clause: Clause, expander: Expander, totals: _Totals
) -> None:
    fields = (clause.field,) if clause.field else ANY_FIELD
    needs = clause.needs
    for place, (term, surface) in enumerate(needs):
        is_open = clause.is_open and place == len(needs) - 1
        words = expander.alternatives(term, surface, fields, is_open, may_correct=not clause.is_phrase)
        stems = list(dict.fromkeys(analysis.stem(word) for word in words))
        weight = _weighted_counts(snapshot, audience, stems, fields)
        found = weight > 0
        with_term = int(np.count_nonzero(found & audience.mask))
        idf = ranking.idf(audience.count, with_term)
        totals.relevance += np.float32(idf) * weight / (np.float32(ranking.K1) + weight)
        totals.idf += idf
        totals.matches &= found
        totals.in_name &= _any_of(snapshot, "name", stems)
        totals.in_columns &= _any_of(snapshot, "columns", stems)
        totals.needs.append(frozenset(stems))
        totals.surfaces.append(surface if is_open or not words else words[0])


def _weighted_counts(
    snapshot: Snapshot, audience: Audience, stems: Iterable[str], fields: tuple[str, ...]
) -> FloatArray:
    """The tf of BM25F for every document: counts in all fields, weighted and normalised by length."""
    total = np.zeros(snapshot.size, np.float32)
    for name in fields:
        how = ranking.FIELDS[name]
        lengths = snapshot.numbers(f"length_{name}")
        mean = np.float32(audience.mean_lengths[name])
        for stem in stems:
            postings = snapshot.postings(name, stem)
            if len(postings.ids):
                norm = np.float32(1 - how.b) + np.float32(how.b) * (lengths[postings.ids] / mean)
                total[postings.ids] += np.float32(how.weight) * postings.counts / norm
    return total


def _any_of(snapshot: Snapshot, field: str, terms: Iterable[str]) -> Mask:
    found = np.zeros(snapshot.size, np.bool_)
    for term in terms:
        found[snapshot.postings(field, term).ids] = True
    return found


def _plain_mask(snapshot: Snapshot, clause: Clause) -> Mask:
    """Documents a clause matches as it stands, without corrections: what `-clause` leaves out."""
    if clause.facets:
        return _facet_mask(snapshot, clause)
    if clause.is_phrase and not clause.field:
        return phrase_mask(snapshot, clause.parts, snapshot.alive)
    found = np.ones(snapshot.size, np.bool_)
    for term, _ in clause.needs:
        union = np.zeros(snapshot.size, np.bool_)
        for name in (clause.field,) if clause.field else ANY_FIELD:
            union |= _any_of(snapshot, name, (term,))
        found &= union
    return found


def _facet_mask(snapshot: Snapshot, clause: Clause) -> Mask:
    found = np.zeros(snapshot.size, np.bool_)
    for name in clause.facets:
        facet = snapshot.facet(name)
        chosen = np.fromiter((clause.names(v) for v in facet.values), np.bool_, count=len(facet.values))
        if chosen.any():
            found |= facet.mask(chosen, snapshot.size)
    return found


def _tiers(snapshot: Snapshot, totals: _Totals, canonical: str) -> FloatArray:
    """The kind of match: later assignments win, in rising order (ranking.TEXT to EXACT_NAME)."""
    tier = np.zeros(snapshot.size, np.float32)
    if not canonical:
        return tier
    tier[totals.in_columns] = ranking.COLUMN_WORDS
    tier[snapshot.postings("exact_column", canonical).ids] = ranking.EXACT_COLUMN
    tier[totals.in_name] = ranking.NAME_WORDS
    if len(canonical) >= ranking.MIN_PREFIX:
        tier[snapshot.with_name_prefix(ranking.name_bytes(canonical))] = ranking.NAME_PREFIX
    if len(totals.surfaces) == 1:
        tier[snapshot.postings("acronym", canonical).ids] = ranking.ACRONYM
    tier[snapshot.postings("exact", canonical).ids] = ranking.EXACT_NAME
    return tier
