"""Search documents: one by hand, or a synthetic mesh of any size that reads like a real one."""

import random
from collections.abc import Iterator
from itertools import count
from typing import Any

from catalog.search.documents import PORT, PRODUCT, DocKey, FacetValue, SearchDocument

_rows = count(1)


def _words(text: str) -> list[str]:
    return text.split()


SUBJECTS = _words(
    """
    play listener session track album artist playlist episode podcast subscription payment invoice
    refund royalty license device stream buffer bitrate codec catalog label concert ticket venue
    campaign impression click conversion search recommendation ranking embedding feature experiment
    variant cohort account profile consent address country currency tax ledger contract support
    complaint incident crawl quality latency error crash release firmware sensor signal audio lyric
    cover genre mood radio station broadcast advert sponsor merchandise order shipment return inventory
    supplier employee shift payroll budget forecast churn retention lifetime revenue margin cost price
    discount voucher gift family student trial upgrade downgrade cancellation renewal notification email
    push message chat review rating comment follow like share block report abuse fraud risk score login
    token password permission audit
    """
)
ASPECTS = _words(
    """
    events daily hourly weekly summary snapshot history facts dimension aggregate curated raw clean
    enriched features metrics health quality state changes ledger index lookup reference master forecast
    baseline
    """
)
ENDINGS = _words(
    """
    id name type status count total amount rate at date day country code version source hash flag score
    rank email phone url token key value ratio share millis seconds bytes index label note
    """
)
DOMAINS = [f"{a}-{b}" for a in SUBJECTS[:30] for b in ("core", "insight")]
REGIONS = ["eu-west-1", "eu-north-1", "us-east-1", "ap-southeast-2", ""]
PORT_KINDS = ["table", "view", "files", "topic", "api"]
LIFECYCLES = ["draft", "active", "active", "active", "deprecated", "retired"]
ARCHETYPES = ["source_aligned", "aggregate", "consumer_aligned"]
CLASSES = ["public", "internal", "confidential", "personal"]
BANDS = ["excellent", "good", "fair", "poor", "unknown"]


def facet(*values: str) -> tuple[FacetValue, ...]:
    return tuple(
        FacetValue(value, value.replace("-", " ").replace("_", " ").title()) for value in values if value
    )


def make_document(title: str, kind: str = PRODUCT, **fields: Any) -> SearchDocument:
    """A document everybody in the mesh sees unless told otherwise; facets are given as plain values."""
    key = DocKey(kind, fields.pop("row", next(_rows)))
    fields.setdefault("product_id", key.id)
    fields.setdefault("audience", frozenset({"mesh"}))
    fields["audience"] = frozenset(fields["audience"])
    facets = {name: facet(*values) for name, values in fields.pop("facets", {}).items()}
    return SearchDocument(key=key, title=title, facets=facets, **fields)


def make_mesh(products: int, columns: int = 20, seed: int = 7) -> Iterator[SearchDocument]:
    """`products` products, each with one port of `columns` columns; `mesh` sees 60 % of them, `team:1` the rest.

    Words follow Zipf's law (weights 1/rank), so that there are common and rare ones.
    """
    pick = random.Random(seed)
    weights = [1 / (rank + 1) ** 0.7 for rank in range(len(SUBJECTS))]

    def subjects(number: int) -> list[str]:
        return pick.choices(SUBJECTS, weights, k=number)

    for row in range(1, products + 1):
        first, second = subjects(2)
        title = f"{first} {second} {pick.choice(ASPECTS)} {row % 97}".capitalize()
        prose = " ".join(
            f"{pick.choice(ASPECTS)} of {a} per {b} with {c}." for a, b, c in (subjects(3) for _ in range(8))
        )
        names = tuple({f"{a}_{pick.choice(ENDINGS)}": None for a in subjects(columns * 3)})[:columns]
        domain, team = pick.choice(DOMAINS), f"team-{pick.randrange(60)}"
        band = pick.choice(BANDS)
        facets = {
            "domain": facet(domain, domain.split("-")[0]),
            "owner": facet(team),
            "lifecycle": facet(pick.choice(LIFECYCLES)),
            "tag": facet(*{f"tag-{int(pick.paretovariate(1)) % 400}" for _ in range(3)}),
            "classification": facet(pick.choice(CLASSES)),
            "archetype": facet(pick.choice(ARCHETYPES)),
            "quality": facet(band),
            "region": facet(pick.choice(REGIONS)),
            "port_kind": facet(pick.choice(PORT_KINDS)),
        }
        shared: dict[str, Any] = {
            "product_id": row,
            "audience": frozenset({"mesh"} if pick.random() < 0.6 else {"team:1"}),
            "columns": names,
            "facets": facets,
            "quality": None if band == "unknown" else float(pick.randrange(101)),
            "updated_at": 1_700_000_000 + pick.randrange(10_000_000),
        }
        slug = title.lower().replace(" ", "-")
        yield SearchDocument(
            key=DocKey(PRODUCT, row),
            title=title,
            names=(slug, f"{domain}/{slug}"),
            labels=(domain, team, f"{first}_{second}"),
            texts=(prose,),
            **shared,
        )
        yield SearchDocument(
            key=DocKey(PORT, row),
            title=f"{first}_{second}",
            labels=(title, domain, team),
            texts=(f"{title} as a table",),
            **shared,
        )


def make_queries(number: int, seed: int = 11) -> list[tuple[str, str]]:
    """`number` different plain queries of two words, with a shape: `and`, `phrase`, `field` or `typo` by turns."""
    pick = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < number:
        first, second = pick.sample(SUBJECTS, 2)
        shape = ("and", "phrase", "field", "typo")[len(found) % 4]
        text = {
            "and": f"{first} {second}",
            "phrase": f'"of {first} per {second}"',
            "field": f"column:{first} domain:{pick.choice(DOMAINS)}",
            "typo": f"{_misspell(first, pick)} {second}",
        }[shape]
        found.setdefault(text, shape)
    return list(found.items())


def _misspell(word: str, pick: random.Random) -> str:
    at = pick.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
