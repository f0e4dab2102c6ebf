"""What every index in arrays holds of a document beside its terms: numbers of fixed width."""

from typing import Final

from catalog.search import ranking
from catalog.search.documents import PORT, PRODUCT, SearchDocument

KIND_CODES: Final = {PRODUCT: 0, PORT: 1}
UNKNOWN_QUALITY: Final = -1.0

# Per-document numbers: name -> struct code. Lengths are ours, exact.
NUMBERS: Final = {
    "kind": "B",
    "row": "q",
    "product": "q",
    "quality": "f",
    "updated": "q",
    "prior": "f",
    "fingerprint": "q",
    **{f"length_{name}": "I" for name in ranking.FIELDS},
}


def numbers_of(document: SearchDocument, by_field: dict[str, list[str]]) -> dict[str, float]:
    """The numbers of one document; `by_field` are its terms (`terms.by_field`)."""
    return {
        "kind": KIND_CODES[document.key.kind],
        "row": document.key.id,
        "product": document.product_id,
        "quality": UNKNOWN_QUALITY if document.quality is None else document.quality,
        "updated": document.updated_at,
        "prior": document.prior,
        "fingerprint": document.fingerprint(),
        **{f"length_{name}": len(found) for name, found in by_field.items()},
    }
