"""Arrays as bytes: each in the smallest whole-number type that holds it, several in one value. Pure.

A packed array is its type's letter and its bytes; a bundle is each part's length (four bytes) and the part.
"""

import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPES = ((0xFF, "B"), (0xFFFF, "H"), (0xFFFFFFFF, "I"), (0xFFFFFFFFFFFFFFFF, "Q"))
_LETTERS = {letter: np.dtype(f"<{letter}") for _, letter in _TYPES}


class Damaged(Exception):
    """Bytes that no part of the portal has written."""


def pack(numbers: npt.ArrayLike) -> bytes:
    """Whole numbers from 0 on."""
    array = np.asarray(numbers)
    highest = int(array.max()) if array.size else 0
    letter = next(letter for most, letter in _TYPES if highest <= most)
    return letter.encode() + array.astype(_LETTERS[letter]).tobytes()


def unpack(raw: bytes) -> npt.NDArray[Any]:
    """What was packed. Raises Damaged."""
    try:
        return np.frombuffer(raw, _LETTERS[raw[:1].decode("ascii")], offset=1)
    except (KeyError, ValueError) as error:
        raise Damaged("A packed array does not begin with its type.") from error


def pack_rising(numbers: npt.ArrayLike) -> bytes:
    """Whole numbers that never fall, by their steps."""
    return pack(np.diff(np.asarray(numbers, np.int64), prepend=0))


def unpack_rising(raw: bytes) -> npt.NDArray[np.int64]:
    return np.cumsum(unpack(raw), dtype=np.int64)


def bundle(parts: Iterable[bytes]) -> bytes:
    """Several values as one."""
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def unbundle(raw: bytes) -> list[bytes]:
    """What was bundled. Raises Damaged."""
    parts, at = [], 0
    while at < len(raw):
        if at + 4 > len(raw):
            raise Damaged("A bundle ends within a length.")
        (length,) = struct.unpack_from("<I", raw, at)
        at += 4 + length
        if at > len(raw):
            raise Damaged("A bundle ends within a part.")
        parts.append(raw[at - length : at])
    return parts
