"""The readable difference between two states of a schema: what changed, how bad it is, one sentence each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from catalog.schemas import types
from catalog.schemas.shape import FieldShape, by_path, parent_of


class Severity(StrEnum):
    """What a change means to somebody who reads the field as it was."""

    BREAKING = "breaking"  # their query fails or means something else
    RISKY = "risky"  # it may still work: look
    HARMLESS = "harmless"  # nothing to do


class ChangeKind(StrEnum):
    REMOVED = "removed"
    TYPE = "type"
    NULLABILITY = "nullability"
    KEY = "key"
    UNIQUENESS = "uniqueness"
    REFERENCE = "reference"
    CLASSIFICATION = "classification"
    COMMENT = "comment"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference at one field; `before` and `after` are texts for people, empty where nothing stood."""

    kind: ChangeKind
    path: str
    severity: Severity
    sentence: str
    before: str = ""
    after: str = ""

    def as_dict(self) -> dict[str, str]:
        """As stored in `SchemaVersion.changes` and given by the API."""
        return {
            "kind": str(self.kind),
            "path": self.path,
            "severity": str(self.severity),
            "sentence": self.sentence,
            "before": self.before,
            "after": self.after,
        }


_SEVERITIES = list(Severity)
_KINDS = list(ChangeKind)


def diff(before: Iterable[FieldShape], after: Iterable[FieldShape]) -> tuple[Change, ...]:
    """Every difference from `before` to `after`, worst first, then in the order of the fields, then by kind.

    Fields are matched by path alone: a renamed field is one removed and one added, because guessing is worse than
    saying what was seen. The order of fields is no difference (see `fingerprint`).
    """
    old, new = by_path(before), by_path(after)
    place = {path: number for number, path in enumerate(dict.fromkeys([*new, *old]))}
    changes = [_removed(field, new) for path, field in old.items() if path not in new]
    changes += [_added(field, old) for path, field in new.items() if path not in old]
    for path, field in new.items():
        if path in old:
            changes += _altered(old[path], field)
    return tuple(
        sorted(
            changes,
            key=lambda c: (_SEVERITIES.index(c.severity), place[c.path], _KINDS.index(c.kind), c.path),
        )
    )


def summary(changes: Iterable[Change]) -> str:
    """One line: `2 fields added, 1 removed, 1 changed type`; an empty string for no change."""
    words = {
        ChangeKind.ADDED: "added",
        ChangeKind.REMOVED: "removed",
        ChangeKind.TYPE: "with another type",
        ChangeKind.NULLABILITY: "with other nullability",
        ChangeKind.KEY: "in or out of the key",
        ChangeKind.UNIQUENESS: "with other uniqueness",
        ChangeKind.REFERENCE: "with another reference",
        ChangeKind.CLASSIFICATION: "classified differently",
        ChangeKind.COMMENT: "with another comment",
    }
    listed = list(changes)
    parts: list[str] = []
    for kind, word in words.items():
        count = len({change.path for change in listed if change.kind == kind})
        if count:
            noun = "" if parts else (" field" if count == 1 else " fields")
            parts.append(f"{count}{noun} {word}")
    return ", ".join(parts)


def worst(changes: Iterable[Change]) -> Severity | None:
    """The severest of the changes, None where nothing changed."""
    return min((change.severity for change in changes), key=_SEVERITIES.index, default=None)


def _type_text(field: FieldShape) -> str:
    if field.physical_type and field.physical_type.lower() != field.logical_type:
        return f"{field.logical_type} ({field.physical_type})"
    return field.logical_type


def _removed(field: FieldShape, new: dict[str, FieldShape]) -> Change:
    parent = parent_of(field.path)
    gone_with = f" with {parent}" if parent and parent not in new else ""
    return Change(
        ChangeKind.REMOVED,
        field.path,
        Severity.BREAKING,
        f"{field.path} was removed{gone_with}.",
        before=_type_text(field),
    )


def _added(field: FieldShape, old: dict[str, FieldShape]) -> Change:
    parent = parent_of(field.path)
    come_with = f" with {parent}" if parent and parent not in old else f" as {_type_text(field)}"
    return Change(
        ChangeKind.ADDED,
        field.path,
        Severity.HARMLESS,
        f"{field.path} was added{come_with}.",
        after=_type_text(field),
    )


def _altered(old: FieldShape, new: FieldShape) -> Iterator[Change]:
    if (old.logical_type, old.physical_type) != (new.logical_type, new.physical_type):
        yield _type_changed(old, new)
    if old.is_nullable != new.is_nullable:
        yield _nullability_changed(old, new)
    if old.key_position != new.key_position:
        yield _key_changed(old, new)
    if old.is_unique != new.is_unique:
        yield _uniqueness_changed(old, new)
    if old.references != new.references:
        yield _text_changed(
            ChangeKind.REFERENCE, Severity.HARMLESS, "reference", old.references, new, new.references
        )
    if old.classification != new.classification:
        yield _text_changed(
            ChangeKind.CLASSIFICATION,
            Severity.RISKY,
            "classification",
            old.classification,
            new,
            new.classification,
        )
    if old.comment != new.comment:
        yield _text_changed(ChangeKind.COMMENT, Severity.HARMLESS, "comment", old.comment, new, new.comment)


def _type_changed(old: FieldShape, new: FieldShape) -> Change:
    path = new.path
    if old.logical_type == new.logical_type:
        before, after = old.physical_type or "an unnamed type", new.physical_type or "an unnamed type"
        widened = types.only_widens(old.physical_type, new.physical_type)
        severity = Severity.HARMLESS if widened else Severity.RISKY
        sentence = f"{path} {'widened' if widened else 'changed'} from {before} to {after}."
        return Change(ChangeKind.TYPE, path, severity, sentence, before, after)
    before, after = _type_text(old), _type_text(new)
    pair = (old.logical_type, new.logical_type)
    gentle = pair in types.WIDER or "unknown" in pair
    severity = Severity.RISKY if gentle else Severity.BREAKING
    return Change(
        ChangeKind.TYPE, path, severity, f"{path} changed its type from {before} to {after}.", before, after
    )


_NULLABILITY = {True: "may be empty", False: "never empty", None: "not said"}


def _nullability_changed(old: FieldShape, new: FieldShape) -> Change:
    path = new.path
    if new.is_nullable and old.is_nullable is False:
        severity, sentence = Severity.BREAKING, f"{path} may now be empty; it never was before."
    elif new.is_nullable is False:
        severity, sentence = Severity.HARMLESS, f"{path} is now never empty."
    elif new.is_nullable:
        severity, sentence = Severity.RISKY, f"The source now says that {path} may be empty."
    else:
        severity, sentence = Severity.RISKY, f"The source no longer says whether {path} may be empty."
    return Change(
        ChangeKind.NULLABILITY,
        path,
        severity,
        sentence,
        _NULLABILITY[old.is_nullable],
        _NULLABILITY[new.is_nullable],
    )


def _key_changed(old: FieldShape, new: FieldShape) -> Change:
    path = new.path
    if old.key_position is None:
        sentence = f"{path} joined the primary key: a row may now stand for something else."
    elif new.key_position is None:
        sentence = f"{path} left the primary key: a row may now stand for something else."
    else:
        sentence = f"{path} moved from place {old.key_position} to {new.key_position} in the primary key."
    severity = Severity.HARMLESS if old.key_position and new.key_position else Severity.RISKY
    before, after = (f"key {field.key_position}" if field.key_position else "no key" for field in (old, new))
    return Change(ChangeKind.KEY, path, severity, sentence, before, after)


_UNIQUENESS = {True: "unique", False: "not unique", None: "not said"}


def _uniqueness_changed(old: FieldShape, new: FieldShape) -> Change:
    before, after = _UNIQUENESS[old.is_unique], _UNIQUENESS[new.is_unique]
    lost = bool(old.is_unique)
    severity = Severity.RISKY if lost else Severity.HARMLESS
    sentence = f"{new.path} is no longer said to be unique." if lost else f"{new.path} is now {after}."
    if new.is_unique is None and not lost:
        sentence = f"The source no longer says whether {new.path} is unique."
    return Change(ChangeKind.UNIQUENESS, new.path, severity, sentence, before, after)


def _text_changed(
    kind: ChangeKind, severity: Severity, noun: str, before: str, new: FieldShape, after: str
) -> Change:
    if not before:
        sentence = f"{new.path} got a {noun}: {_short(after)}."
    elif not after:
        sentence = f"{new.path} lost its {noun}: {_short(before)}."
    else:
        sentence = f"{new.path} changed its {noun} from {_short(before)} to {_short(after)}."
    return Change(kind, new.path, severity, sentence, before, after)


def _short(text: str, limit: int = 80) -> str:
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= limit else flat[: limit - 1] + '…'}”"
