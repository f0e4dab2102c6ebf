"""Older versions of products and ports as people read them: field by field, before and after."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from catalog.accounts.models import User
from catalog.connections.models import Connection
from catalog.products.discretion import UNSEEN_PRODUCT, UNSEEN_STORE
from catalog.products.models import DataProduct, OutputPort
from catalog.vocabulary.models import Tag

#: Fields of a history row that say nothing to people.
SILENT = frozenset(
    {"id", "created_at", "revision", "is_demo", "origin_key", "product", "declared_schema", "port", "source_key",
     "source_values"}
)  # fmt: skip
#: What stands in place of a name the reader may not know.
UNSEEN: Mapping[type[Any], str] = {DataProduct: UNSEEN_PRODUCT, Connection: UNSEEN_STORE}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as text."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a history: who made it, when, why, and what it changed against the one before."""

    history_id: int
    at: dt.datetime
    actor: str
    reason: str
    is_first: bool
    is_newest: bool
    changes: tuple[FieldChange, ...]


def versions(
    page: Iterable[Any], rows: QuerySet[Any], user: User, *, unseen: Mapping[type[Any], str] = UNSEEN
) -> list[Version]:
    """The versions of a page of `rows` (history rows, newest first), each compared with the one before it.

    What `user` may not know of is not named: `unseen` holds the words instead, by model.
    """
    shown = list(page)
    if not shown:
        return []
    older = list(rows.filter(history_id__lt=shown[-1].history_id)[:1])
    names = _Names([*shown, *older], user, unseen)
    newest = rows.values_list("history_id", flat=True).first()
    following = [*shown[1:], older[0] if older else None]
    return [_version(row, before, names, newest) for row, before in zip(shown, following, strict=True)]


def history_rows(obj: DataProduct | OutputPort) -> QuerySet[Any]:
    """Every version of a product or port, newest first, with its author."""
    rows: QuerySet[Any] = obj.history.select_related("history_user").order_by("-history_id")
    return rows


def _version(row: Any, before: Any | None, names: "_Names", newest: int | None) -> Version:
    return Version(
        history_id=row.history_id,
        at=row.history_date,
        actor=str(row.history_user) if row.history_user else "The portal",
        reason=row.history_change_reason or "",
        is_first=before is None,
        is_newest=row.history_id == newest,
        changes=tuple(_changes(row, before, names)) if before is not None else (),
    )


def _changes(row: Any, before: Any, names: "_Names") -> list[FieldChange]:
    fields = [f for f in row._meta.fields if not f.name.startswith("history_") and f.name not in SILENT]
    found = []
    for field in fields:
        old, new = getattr(before, field.attname), getattr(row, field.attname)
        if old != new:
            found.append(
                FieldChange(
                    field.name,
                    str(field.verbose_name).capitalize(),
                    names.text(field, before, old),
                    names.text(field, row, new),
                )
            )
    if hasattr(row, "tags"):
        old_tags, new_tags = names.tags(before), names.tags(row)
        if old_tags != new_tags:
            found.append(FieldChange("tags", "Tags", old_tags, new_tags))
    return found


def _related(row: Any) -> list[Any]:
    """The fields of a history row that lead to another object, but for those nobody is told of."""
    return [
        field
        for field in row._meta.fields
        if field.is_relation and not field.name.startswith("history_") and field.name not in SILENT
    ]


class _Names:
    """The names behind the ids in some history rows, read with one query a kind."""

    def __init__(self, rows: Sequence[Any], user: User, unseen: Mapping[type[Any], str]) -> None:
        self._names: dict[str, dict[int, str]] = {}
        for field in _related(rows[0]):
            name, model = field.name, field.related_model
            ids = {getattr(row, field.attname) for row in rows} - {None}
            if ids:
                there = model.objects.filter(pk__in=ids)
                self._names[name] = {obj.pk: str(obj) for obj in there}
                if words := unseen.get(model):
                    seen = set(model.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
                    self._names[name] |= dict.fromkeys(set(self._names[name]) - seen, words)
        self._tags: dict[int, list[str]] = {}
        if rows and hasattr(rows[0], "tags"):
            self._read_tags(rows)

    def _read_tags(self, rows: Sequence[Any]) -> None:
        kept = rows[0].tags.model.objects.filter(history__in=[row.history_id for row in rows])
        pairs = list(kept.values_list("history_id", "tag_id"))
        words = dict(Tag.objects.filter(pk__in={tag for _, tag in pairs}).values_list("pk", "name"))
        for history_id, tag in pairs:
            self._tags.setdefault(history_id, []).append(words.get(tag, "(deleted)"))

    def text(self, field: Any, row: Any, value: Any) -> str:
        if value is None or value == "":
            return ""
        if field.is_relation:
            return self._names.get(field.name, {}).get(value, "(deleted)")
        if field.choices:
            return str(getattr(row, f"get_{field.name}_display")())
        if isinstance(value, dt.datetime):
            return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        if isinstance(value, list):
            return "\n".join(_entry(item) for item in value)
        return str(value)

    def tags(self, row: Any) -> str:
        return ", ".join(sorted(self._tags.get(row.history_id, ())))


def _entry(item: Any) -> str:
    return " · ".join(str(part) for part in item.values()) if isinstance(item, dict) else str(item)
