"""Bytes to lines: encodings found or given, and wrong ones reported with their place."""

import codecs
from collections.abc import Iterable, Iterator

from catalog.connections.connectors.errors import SourceError

MAX_LINE = 4 * 1024 * 1024  # characters; a longer "line" is not a text file
ENCODINGS = (
    ("auto", "Find out (UTF-8, or UTF-16 by its mark)"),
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1252", "Windows (Western)"),
    ("latin-1", "ISO 8859-1"),
    ("cp1250", "Windows (Central European)"),
    ("cp1251", "Windows (Cyrillic)"),
    ("shift_jis", "Shift JIS"),
    ("gb18030", "GB 18030"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def lines(pieces: Iterable[bytes], encoding: str = "auto") -> Iterator[str]:
    """Lines with their ends. Raises SourceError(malformed) naming line and byte of what cannot be decoded."""
    number, offset, rest = 1, 0, ""
    decoder: codecs.IncrementalDecoder | None = None
    for piece, is_last in _with_last(pieces):
        if decoder is None:
            encoding = found_encoding(piece) if encoding == "auto" else encoding
            decoder = codecs.getincrementaldecoder(encoding)()
        try:
            text = rest + decoder.decode(piece, is_last)
        except UnicodeDecodeError as error:
            ahead = (rest + error.object[: error.start].decode(encoding, "replace")).count("\n")
            held = len(error.object) - len(piece)  # bytes of the piece before
            raise _undecodable(encoding, number + ahead, offset + error.start - held) from error
        offset += len(piece)
        if "\x00" in text:
            raise SourceError(
                "malformed", f"Line {number} holds zero bytes: this is not text.", "Check the format."
            )
        *whole, rest = text.split("\n")  # not splitlines: JSON may hold other separators within a line
        number += len(whole)
        yield from (line + "\n" for line in whole)
        if len(rest) > MAX_LINE:
            raise SourceError(
                "malformed", f"Line {number} is longer than {MAX_LINE:,} characters.", "Check the format."
            )
    if rest:
        yield rest


def found_encoding(head: bytes) -> str:
    """By the byte order mark; UTF-16 without one by its zero bytes; else UTF-8."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    start = head[:200]
    if len(start) >= 4 and not any(start[1::2]) and all(start[0::2]):
        return "utf-16-le"
    if len(start) >= 4 and not any(start[0::2]) and all(start[1::2]):
        return "utf-16-be"
    return "utf-8-sig"


def _undecodable(encoding: str, line: int, byte: int) -> SourceError:
    name = encoding.removesuffix("-sig").upper()
    return SourceError(
        "malformed",
        f"Line {line} (byte {byte + 1:,}) is not {name}.",
        "Choose the file's encoding in the connection's settings, or write the file as UTF-8.",
    )


def _with_last(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    previous = None
    for piece in pieces:
        if previous is not None:
            yield previous, False
        previous = piece
    if previous is not None:
        yield previous, True
