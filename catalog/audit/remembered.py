"""Hot reads, remembered in Valkey or Redis for all hosts: computed once for everybody who may see the same, until
anything in the mesh changes.

A value is kept under the *version of the mesh* and what it depends on (which must name whoever may see the same: the
reader's standing). Every audited write and every mark of the outbox makes a new version when its transaction commits,
so nothing is ever taken out: old values are simply never asked for again. Nobody waits for the cache: where it is gone,
wiped or switched off, values are computed as if it were not there.

What is remembered is read from the primary, also where a replica is read otherwise: a replica that does not know yet
that a product became private would have it remembered for everybody long after the replica itself has caught up.

A process killed between its commit and the new version leaves the old one until the marks it committed are drained
(which makes a version too), and never longer than SECONDS.
"""

import hashlib
import json
from collections.abc import Callable
from typing import TypeVar, cast
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection, router, transaction

from catalog.audit.models import AuditEvent

VERSION = "mesh-version"
T = TypeVar("T")


def remembered(what: str, depends_on: object, compute: Callable[[], T]) -> T:
    """`compute()`, or what it answered a moment ago for the same `depends_on` (told apart by its `repr`).

    The answer must be made of JSON values and comes back as JSON gives it: tuples become lists. Inside a transaction
    nothing is remembered, because it may show what others cannot see yet.
    """
    version = None if connection.in_atomic_block or not settings.REMEMBER_SECONDS else mesh_version()
    if version is None:
        return cast(T, json.loads(json.dumps(compute())))
    scope = hashlib.sha256(repr(depends_on).encode()).hexdigest()
    key = f"{what}:{version}:{scope}"
    kept = cache.get(key)
    if kept is None:
        kept = json.dumps(from_primary(compute))
        cache.set(key, kept, settings.REMEMBER_SECONDS)
    return cast(T, json.loads(kept))


def from_primary(compute: Callable[[], T]) -> T:
    """`compute()`, whose queries ask the primary: what is kept for others must not be a replica's old answer."""
    if router.db_for_read(AuditEvent) == DEFAULT_DB_ALIAS:
        return compute()
    with transaction.atomic():  # in which nothing is read from anywhere else
        return compute()


def mesh_version() -> str | None:
    """The version everything remembered now belongs to; None while there is no cache."""
    version: str | None = cache.get(VERSION)
    if version is None:  # never set, wiped, or no cache at all
        cache.add(VERSION, uuid4().hex, None)
        version = cache.get(VERSION)
    return version


def forget_on_commit() -> None:
    """Make a new version of the mesh when the present transaction commits; at once outside of one."""
    waiting = connection.run_on_commit
    if not (waiting and waiting[-1][1] is _new_version):  # thousands of writes in a row ask for one
        transaction.on_commit(_new_version, robust=True)


def _new_version() -> None:
    cache.set(VERSION, uuid4().hex, None)
