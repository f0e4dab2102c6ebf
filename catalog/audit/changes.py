"""What an edit changed, in values people can read: the `changes` of an audit event."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import models

from catalog.common import humanise


class Named(str):
    """The name of a related object; two of the same name are still two."""

    pk: object

    def __new__(cls, obj: models.Model) -> "Named":
        named = super().__new__(cls, obj)
        named.pk = obj.pk
        return named

    def __eq__(self, other: object) -> bool:
        return (
            str.__eq__(self, other) and self.pk == getattr(other, "pk", None)
            if isinstance(other, str)
            else False
        )

    __hash__ = str.__hash__


Changes = dict[str, list[Any]]
LONG_TEXT = 20_000  # characters of a text kept in an audit event; the full text is in the history


def snapshot(instance: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The present values of `fields` as JSON values; related objects by their name, many-to-many as sorted names."""
    return {name: _readable(instance, name) for name in fields}


def difference(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    """`field -> [before, after]` for the fields whose values differ."""
    return {
        name: [_cut(before.get(name)), _cut(value)]
        for name, value in after.items()
        if before.get(name) != value
    }


def _readable(instance: models.Model, name: str) -> Any:
    field = instance._meta.get_field(name)
    if field.many_to_many:
        return sorted(str(item) for item in getattr(instance, name).all()) if instance.pk else []
    value = getattr(instance, name)
    if value is None or isinstance(value, bool | int | float | list | dict):
        return value
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return humanise.length(value)
    return Named(value) if isinstance(value, models.Model) else str(value)


def _cut(value: Any) -> Any:
    return value[:LONG_TEXT] + "…" if isinstance(value, str) and len(value) > LONG_TEXT else value
