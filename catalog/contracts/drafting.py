"""A contract drafted from what a crawl observed of a port: a beginning to edit, not a promise yet. Pure."""

from collections.abc import Iterable
from typing import Any

from catalog.schemas.shape import FieldShape

Data = dict[str, Any]

_TYPES = frozenset({"string", "integer", "number", "boolean", "date", "time", "timestamp", "array", "object"})


def draft_contract(
    *, key: str, name: str, table: str, domain: str, product: str, fields: Iterable[FieldShape]
) -> Data:
    """An ODCS 3.1 document: nested fields in their parents, keys and nullability as observed."""
    properties: list[Data] = []
    holders: dict[str, Data] = {}
    for shape in fields:
        if shape.path.endswith(("[]", "{}")):
            continue
        entry = _property(shape)
        parent, _, _ = shape.path.rpartition(".")
        holder = holders.get(parent.removesuffix("[]").removesuffix("{}"))
        if holder is None:
            properties.append(entry)
        elif parent.endswith("[]"):
            items = holder.setdefault("items", {"logicalType": "object"})
            items.setdefault("properties", []).append(entry)
        else:
            holder.setdefault("properties", []).append(entry)
        holders[shape.path] = entry
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": key, "name": name, "version": "1.0.0", "status": "draft",
        "domain": domain, "dataProduct": product,
        "schema": [{"name": table, "physicalType": "table", "properties": properties}],
    }  # fmt: skip


def _property(shape: FieldShape) -> Data:
    made: Data = {"name": shape.name}
    if shape.logical_type in _TYPES:
        made["logicalType"] = shape.logical_type
    if shape.physical_type:
        made["physicalType"] = shape.physical_type
    if shape.is_nullable is False:
        made["required"] = True
    if shape.is_unique:
        made["unique"] = True
    if shape.key_position:
        made |= {"primaryKey": True, "primaryKeyPosition": shape.key_position}
    if shape.comment:
        made["description"] = shape.comment
    if shape.classification:
        made["classification"] = shape.classification
    return made


IDENTITY = ("apiVersion", "kind", "id", "name", "version", "status", "domain", "dataProduct")
_OBJECT = frozenset({"name", "physicalName", "physicalType", "properties", "id"})  # never a template's


def with_template(drafted: Data, template: Data) -> Data:
    """`drafted` with everything a template says besides identity and fields.

    What the template says of its first object (checks, tags, descriptions) is said of every drafted object.
    """
    shared = {name: value for name, value in template.items() if name not in {*IDENTITY, "schema"}}
    objects = template.get("schema")
    first = objects[0] if isinstance(objects, list) and objects and isinstance(objects[0], dict) else {}
    extra = {name: value for name, value in first.items() if name not in _OBJECT}
    head = {name: drafted[name] for name in IDENTITY if name in drafted}
    return {**head, **shared, "schema": [{**item, **extra} for item in drafted["schema"]]}
