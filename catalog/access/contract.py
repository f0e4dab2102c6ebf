"""What every provisioner must keep, as checks that run against a real store: for tests of those who write one.

    def test_my_provisioner_keeps_the_contract(store):
        assert examine(MyProvisioner(), grant, can_read=lambda: store.lets_in("reader")) == []

It needs no Django and no test framework. docs/access.md shows a whole provisioner that passes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from catalog.access.stores import Automatic, CannotProvision, Counting, Grant, Ordered, Provisioner, Surveying

LONGEST_NAME = 40
_SECRETS = ("password", "secret", "token", "key")


def examine(
    provisioner: Provisioner,
    grant: Grant,
    *,
    other: Grant | None = None,
    can_read: Callable[[], bool] | None = None,
) -> list[str]:
    """Everything the provisioner does wrong with a store that works; best nothing.

    `grant` is for a consumer the store knows and who can read nothing yet. `other`: another extent for the same
    consumer (fewer columns), where the store knows such. `can_read`: whether the consumer really can, asked of the
    store by a session of their own. At the end the store is as it was.
    """
    found = list(shape_of(provisioner))
    if found or not isinstance(provisioner, Automatic):
        return found
    try:
        found += _before(provisioner, grant, can_read)
        found += _granted(provisioner, grant, can_read)
        if other is not None:
            found += _changed(provisioner, grant, other)
        found += _counted(provisioner, grant)
        found += _removed(provisioner, grant, can_read)
        found += _refusing(provisioner, grant)
    except CannotProvision as error:
        found.append(f"a working store is refused: {error}")
    return found


def shape_of(provisioner: Any) -> Iterator[str]:
    """Whether it has what a form shows and a worker calls."""
    if not isinstance(provisioner, Provisioner):
        yield "it lacks name, title, needs_work or kinds"
        return
    if not isinstance(provisioner.name, str) or not 0 < len(provisioner.name) <= LONGEST_NAME:
        yield f"name: use 1 to {LONGEST_NAME} characters"
    if not isinstance(provisioner.title, str) or not provisioner.title.strip():
        yield "title: say what the form shows"
    if not isinstance(provisioner.kinds, tuple) or not all(
        isinstance(kind, str) for kind in provisioner.kinds
    ):
        yield "kinds: a tuple of kinds of connections, empty for any"
    if not isinstance(provisioner.needs_work, bool):
        yield "needs_work: True or False"
    methods = [name for name in ("grant", "missing", "revoke", "left") if hasattr(provisioner, name)]
    if methods and not isinstance(provisioner, Automatic):
        yield f"it has {', '.join(methods)}, but not all of grant, missing, revoke and left"
    if isinstance(provisioner, Automatic) and isinstance(provisioner, Ordered):
        yield "it has grant and send: the portal grants, or another system does, not both"


def _before(provisioner: Automatic, grant: Grant, can_read: Callable[[], bool] | None) -> Iterator[str]:
    if can_read is not None and can_read():
        yield "the test begins with a consumer who can read already"
    yield from _sentence("missing", provisioner.missing(grant), "before anything was granted")
    if provisioner.left(grant):
        yield "left: something is left before anything was granted"


def _granted(provisioner: Automatic, grant: Grant, can_read: Callable[[], bool] | None) -> Iterator[str]:
    for time in ("once", "twice"):
        provisioner.grant(grant)
        if words := provisioner.missing(grant):
            yield f"grant: granted {time}, and missing says: {words}"
    if can_read is not None and not can_read():
        yield "grant: missing says that it is there, and the consumer cannot read"
    yield from _sentence("left", provisioner.left(grant), "while it is granted")


def _changed(provisioner: Automatic, grant: Grant, other: Grant) -> Iterator[str]:
    yield from _sentence("missing", provisioner.missing(other), "of an extent that was not granted")
    provisioner.grant(other)
    if words := provisioner.missing(other):
        yield f"grant: another extent was granted, and missing says: {words}"
    yield from _sentence("missing", provisioner.missing(grant), "of the extent before")
    provisioner.grant(grant)


def _counted(provisioner: Automatic, grant: Grant) -> Iterator[str]:
    if isinstance(provisioner, Counting):
        uses = provisioner.uses(grant)
        if uses is not None and (not isinstance(uses, int) or uses < 0):
            yield f"uses: {uses!r} is no count"
    if isinstance(provisioner, Surveying):
        readers = provisioner.readers(grant)
        if not any(grant.principal in reader.names for reader in readers):
            yield "readers: whoever was granted it is not among them"
        yield from (
            f"readers: {reader.name!r} has no words" for reader in readers if not reader.words.strip()
        )


def _removed(provisioner: Automatic, grant: Grant, can_read: Callable[[], bool] | None) -> Iterator[str]:
    for time in ("once", "twice"):
        provisioner.revoke(grant)
        if words := provisioner.left(grant):
            yield f"revoke: revoked {time}, and left says: {words}"
    if can_read is not None and can_read():
        yield "revoke: left says that it is gone, and the consumer can read"
    yield from _sentence("missing", provisioner.missing(grant), "after it was revoked")
    readers = provisioner.readers(grant) if isinstance(provisioner, Surveying) else ()
    if any(grant.principal in reader.names for reader in readers):
        yield "readers: whoever lost it is still among them"


def _refusing(provisioner: Automatic, grant: Grant) -> Iterator[str]:
    """Without a name of the consumer nothing can be granted, and the reason is a sentence without a secret."""
    nobody = replace(grant, principal="")
    try:
        provisioner.grant(nobody)
    except CannotProvision as error:
        yield from _sentence("grant", str(error), "to nobody")
        if any(secret in str(error) for secret in _secrets(grant.config)):
            yield "grant: a secret stands in what it says"
    except Exception as error:
        yield f"grant: to nobody raises {type(error).__name__} instead of CannotProvision"
    else:
        yield "grant: to nobody is no error; raise CannotProvision"
        provisioner.revoke(nobody)


def _sentence(method: str, words: Any, when: str) -> Iterator[str]:
    if not isinstance(words, str) or not words.strip():
        yield f"{method}: says nothing {when}; say it in a sentence"


def _secrets(config: Mapping[str, Any]) -> list[str]:
    return [
        value
        for name, value in config.items()
        if isinstance(value, str) and len(value) > 3 and any(word in name.lower() for word in _SECRETS)
    ]
