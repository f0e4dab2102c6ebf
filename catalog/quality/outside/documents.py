"""Files of results: bytes -> plain JSON data within limits, whatever wrote them. Pure.

Lenient where tools are careless: NaN and infinite numbers are nothing, of a key given twice the last counts. A
manifest may have a hundred megabytes, most of it code and descriptions, which are let go while it is read.
"""

import codecs
import json
from collections.abc import Collection
from functools import partial
from typing import Any

from catalog.common.decoding import DecodingError, gunzipped
from catalog.common.errors import Invalid, Problem

MAX_BYTES = 100 * 2**20  # of a file, gzip undone
_GZIP = b"\x1f\x8b"
_DROPPED = frozenset({  # of manifests: most of their size, and nothing a result needs
    "raw_code", "raw_sql", "compiled_path", "macro_sql", "macros", "docs", "block_contents", "patch_path", "columns",
    "child_map", "parent_map", "group_map", "exception_traceback",
})  # fmt: skip
_LONGEST = 20_000  # of one text


def read_results(
    raw: bytes, name: str = "", *, dropped: Collection[str] = _DROPPED, longest: int = _LONGEST
) -> Any:
    """The data of a JSON file, plain or gzipped, without the members `dropped`, texts no longer than `longest`.

    Raises Invalid with a problem that says where it breaks off.
    """
    keep = partial(_object, dropped=dropped, longest=longest)
    try:
        return json.loads(_text(raw), object_pairs_hook=keep, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        raise _unreadable(name, f"Line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError as error:
        raise _unreadable(name, "Values are nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"Byte {error.start} is not UTF-8.") from error
    except DecodingError as error:
        raise _unreadable(name, str(error)) from error
    except ValueError as error:  # a number with thousands of digits
        raise _unreadable(name, f"A value cannot be read: {error}.") from error


def _text(raw: bytes) -> str:
    if raw.startswith(_GZIP):
        raw = b"".join(gunzipped([raw], MAX_BYTES))
    if len(raw) > MAX_BYTES:
        raise DecodingError(f"The file is larger than {MAX_BYTES // 2**20} MB.")
    if not raw.strip():
        raise DecodingError("The file is empty.")
    is_wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return raw.decode("utf-16" if is_wide else "utf-8-sig")


def _object(pairs: list[tuple[str, Any]], dropped: Collection[str], longest: int) -> dict[str, Any]:
    return {
        name: value[:longest] if isinstance(value, str) and len(value) > longest else value
        for name, value in pairs
        if name not in dropped
    }


def _unreadable(name: str, words: str) -> Invalid:
    where = f"{name}: " if name else ""
    return Invalid(
        "The file cannot be read as JSON.", "Nothing was stored.",
        problems=[Problem("$", "unreadable", f"{where}{words}")],
    )  # fmt: skip
