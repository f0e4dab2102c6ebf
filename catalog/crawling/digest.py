"""One number for all that was seen of an asset: when it is the stored one again, nothing needs storing but the reading.

It is taken from what a connector said, before anything is cleaned or compared, and from what people say of keeping
values: a comment, a type, a figure, a release or a classification that changed makes another digest. Readings are not
in it: they are stored every time, and scores are made of them every time.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter

from catalog.connections.connectors.observations import ObservedAsset, ObservedField, ObservedProfile
from catalog.schemas.selectors import Discretion

FORM = (
    1  # raise it when cleaning, fingerprints or what is kept of an asset change: then all is stored once more
)
LISTED = "listed"  # seen in the listing only, by nobody's wish
_asset = attrgetter(*(item.name for item in fields(ObservedAsset) if item.name != "fields"))
_field = attrgetter(*(item.name for item in fields(ObservedField)))
_profile = attrgetter(*(item.name for item in fields(ObservedProfile) if item.name != "asset"))


def said_of(discretion: Discretion) -> str:
    """What people say of keeping values, as a text that is equal when it is."""
    return repr((sorted(discretion.released), sorted(discretion.withheld), discretion.is_closed))


def digest_of(asset: ObservedAsset, profiles: Iterable[ObservedProfile], said: str) -> str:
    """32 hexadecimal digits (BLAKE2b, 128 bits)."""
    shapes = None if asset.fields is None else [_field(item) for item in asset.fields]
    content = (FORM, said, _asset(asset), shapes, [_profile(item) for item in profiles])
    return hashlib.blake2b(repr(content).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
