"""The fingerprint of a schema: equal for equal schemas, whatever the order in which a source lists its fields."""

import hashlib
import json
from collections.abc import Iterable
from operator import attrgetter, itemgetter

from catalog.schemas.shape import SHAPE_COLUMNS, FieldShape

NORMAL_FORM = 1  # change it when the normal form changes: old fingerprints then match nothing
_columns = attrgetter(*SHAPE_COLUMNS)


def fingerprint(fields: Iterable[FieldShape]) -> str:
    """SHA-256 (64 hexadecimal digits) of the normal form: the fields sorted by path, as compact JSON.

    The order of fields is left out on purpose: sources of JSON list the same keys in any order, and a reordering
    is no change a reader by name would notice.
    """
    rows = sorted(map(_columns, fields), key=itemgetter(0))
    text = json.dumps([NORMAL_FORM, rows], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
