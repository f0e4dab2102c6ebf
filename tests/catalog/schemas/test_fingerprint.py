"""The fingerprint: equal for equal schemas and for nothing else."""

from dataclasses import fields, replace

import pytest

from catalog.schemas.fingerprint import fingerprint
from catalog.schemas.shape import FieldShape

FIELD = FieldShape("a.b", "string", "varchar(3)", False, 1, True, "t.c", "Comment", "internal")


def test_order_of_fields_does_not_matter() -> None:
    other = FieldShape("z")
    assert fingerprint([FIELD, other]) == fingerprint([other, FIELD])


@pytest.mark.parametrize("name", [item.name for item in fields(FieldShape)])
def test_every_property_of_a_field_matters(name: str) -> None:
    different = {"is_nullable": True, "key_position": 2, "is_unique": False}.get(name, "something else")
    assert fingerprint([replace(FIELD, **{name: different})]) != fingerprint([FIELD])


def test_unknown_differs_from_false() -> None:
    assert fingerprint([FieldShape("a", is_nullable=None)]) != fingerprint(
        [FieldShape("a", is_nullable=False)]
    )


def test_names_of_every_script_have_a_fingerprint() -> None:
    prints = {fingerprint([FieldShape(path)]) for path in ("é", "e\u0301", "🎵", "a'b\"c", "\ud800", "")}
    assert len(prints) == 6
    assert all(len(item) == 64 for item in prints)
