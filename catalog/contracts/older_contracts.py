"""Older kinds of contracts as ODCS 3.2 data: ODCS 2.2.x and the datacontract.com specification (DCS). Pure.

What maps, maps; nothing here raises for what a document says. The original is kept whole beside it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.contracts.parts import text, texts

Data = dict[str, Any]
API_VERSION = "v3.2.0"

#: types of DCS and ODCS 2.2 -> logical types of ODCS 3
_LOGICAL = {
    "string": "string", "text": "string", "varchar": "string", "char": "string", "uuid": "string", "enum": "string",
    "number": "number", "decimal": "number", "numeric": "number", "float": "number", "double": "number",
    "real": "number", "integer": "integer", "int": "integer", "long": "integer", "bigint": "integer",
    "smallint": "integer", "boolean": "boolean", "bool": "boolean", "timestamp": "timestamp",
    "timestamp_tz": "timestamp", "timestamp_ntz": "timestamp", "datetime": "timestamp", "date": "date",
    "time": "time", "array": "array", "object": "object", "record": "object", "struct": "object", "map": "map",
}  # fmt: skip
_OPTIONS = (
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
)
_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?\Z")
_SHORT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*\Z")
_INTERVALS = {
    "hourly": (1, "h"),
    "daily": (1, "d"),
    "weekly": (7, "d"),
    "monthly": (1, "mo"),
    "yearly": (1, "y"),
}


def maps(value: Any) -> list[Data]:
    """The maps of a list; anything else is no member."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def members(value: Any) -> list[tuple[str, Data]]:
    """The members of a map that are maps themselves."""
    return (
        [(str(name), item) for name, item in value.items() if isinstance(item, dict)]
        if isinstance(value, Mapping)
        else []
    )


def filled(data: Data) -> Data:
    """Without the members that say nothing."""
    return {name: value for name, value in data.items() if value not in (None, "", [], {})}


def period(words: Any) -> tuple[float | int, str] | None:
    """`25h`, `P3M` or `PT12H` as (value, unit) in the units of ODCS; None when it is neither."""
    if not isinstance(words, str):
        return None
    iso = _ISO.match(words.strip())
    if iso and any(iso.groups()):
        found = [
            (int(part), unit)
            for part, unit in zip(iso.groups(), ("y", "mo", "w", "d", "h", "min", "s"), strict=True)
            if part
        ]
        return found[0] if len(found) == 1 else None
    short = _SHORT.match(words)
    if short is None:
        return None
    number = float(short.group(1))
    return (int(number) if number.is_integer() else number), short.group(2).lower()


def from_odcs_2(data: Data) -> Data:
    """An ODCS 2.2.x contract as ODCS 3."""
    team = [
        filled({**member, "description": member.get("comment")}) for member in maps(data.get("stakeholders"))
    ]
    for member in team:
        member.pop("comment", None)
    return filled(
        {
            "apiVersion": API_VERSION,
            "kind": "DataContract",
            "id": text(data, "uuid"),
            "name": text(data, "datasetName"),
            "version": text(data, "version"),
            "status": "active" if text(data, "status").lower() == "current" else text(data, "status"),
            "domain": text(data, "datasetDomain"),
            "dataProduct": text(data, "quantumName"),
            "tenant": text(data, "tenant"),
            "description": data.get("description"),
            "tags": list(texts(data.get("tags"))),
            "servers": _server_of_2(data),
            "schema": [_table(table) for table in maps(data.get("dataset")) if text(table, "table")],
            "support": _support_of_2(data),
            "team": {"members": team} if team else None,
            "roles": maps(data.get("roles")),
            "price": data.get("price") if isinstance(data.get("price"), dict) else None,
            "slaDefaultElement": text(data, "slaDefaultColumn"),
            "slaProperties": [
                _promise_of_2(item)
                for item in maps(data.get("slaProperties"))
                if item.get("value") is not None
            ],
            "customProperties": maps(data.get("customProperties")),
            "contractCreatedTs": text(data, "contractCreatedTs"),
        }
    )


def _server_of_2(data: Data) -> list[Data]:
    if not any(text(data, name) for name in ("server", "database", "sourceSystem", "sourcePlatform")):
        return []
    server = {
        "server": "default",
        "type": "custom",  # which store it is, nothing says for certain
        "description": " ".join(
            text(data, name) for name in ("sourcePlatform", "sourceSystem") if text(data, name)
        ),
        "host": text(data, "server"),
        "database": text(data, "database"),
        "schema": text(data, "datasetName"),
        "project": text(data, "datasetProject") or text(data, "project"),
    }
    return [filled(server)]


def _support_of_2(data: Data) -> list[Data]:
    channels = (("productSlackChannel", "slack"), ("productDl", "email"), ("productFeedbackUrl", "web"))
    return [
        {"channel": text(data, name), "tool": tool, **({"url": text(data, name)} if tool == "web" else {})}
        for name, tool in channels
        if text(data, name)
    ]


def _promise_of_2(item: Data) -> Data:
    made = {name: value for name, value in item.items() if name != "column"}
    return made | ({"element": item["column"]} if text(item, "column") else {})


def _table(table: Data) -> Data:
    return filled(
        {
            "name": text(table, "table"),
            "physicalName": text(table, "physicalName"),
            "physicalType": "table",
            "description": text(table, "description"),
            "dataGranularityDescription": text(table, "dataGranularity"),
            "authoritativeDefinitions": maps(table.get("authoritativeDefinitions")),
            "tags": list(texts(table.get("tags"))),
            "properties": [
                _column(column) for column in maps(table.get("columns")) if text(column, "column")
            ],
            "quality": [_quality_of_2(check) for check in maps(table.get("quality"))],
        }
    )


def _column(column: Data) -> Data:
    physical = text(column, "physicalType")
    is_key = column.get("isPrimary") is True or column.get("isPrimaryKey") is True
    nullable = column.get("isNullable")
    position = column.get("primaryKeyPosition")
    return filled(
        {
            "name": text(column, "column"),
            "businessName": text(column, "businessName"),
            "logicalType": _LOGICAL.get(text(column, "logicalType").lower()),
            "physicalType": physical,
            "description": text(column, "description"),
            "required": (not nullable) if isinstance(nullable, bool) else None,
            "unique": column.get("isUnique") if isinstance(column.get("isUnique"), bool) else None,
            "primaryKey": True if is_key else None,
            "primaryKeyPosition": position if is_key and isinstance(position, int) and position > 0 else None,
            "partitioned": column.get("partitionStatus")
            if isinstance(column.get("partitionStatus"), bool)
            else None,
            "classification": text(column, "classification"),
            "encryptedName": text(column, "encryptedColumnName"),
            "tags": list(texts(column.get("tags"))),
            "authoritativeDefinitions": maps(column.get("authoritativeDefinitions")),
            "examples": column.get("sampleValues") if isinstance(column.get("sampleValues"), list) else None,
            "quality": [_quality_of_2(check) for check in maps(column.get("quality"))],
        }
    )


def _quality_of_2(check: Data) -> Data:
    """A rule some other tool runs: ODCS 3 calls it custom."""
    return filled(
        {
            "name": text(check, "code") or text(check, "templateName"),
            "type": "custom",
            "engine": text(check, "toolName") or "unknown",
            "implementation": text(check, "toolRuleName")
            or text(check, "templateName")
            or text(check, "code"),
            "description": text(check, "description"),
            "dimension": text(check, "dimension"),
            "severity": text(check, "severity"),
            "businessImpact": text(check, "businessImpact"),
        }
    )


def from_dcs(data: Data) -> Data:
    """A contract of the datacontract.com specification as ODCS 3."""
    info = data["info"] if isinstance(data.get("info"), dict) else {}
    terms = data["terms"] if isinstance(data.get("terms"), dict) else {}
    contact = info["contact"] if isinstance(info.get("contact"), dict) else {}
    url = text(contact, "url") or (f"mailto:{text(contact, 'email')}" if text(contact, "email") else "")
    links = data["links"] if isinstance(data.get("links"), dict) else {}
    custom = {"billing": text(terms, "billing"), "noticePeriod": text(terms, "noticePeriod")}
    return filled(
        {
            "apiVersion": API_VERSION,
            "kind": "DataContract",
            "id": text(data, "id"),
            "name": text(info, "title"),
            "version": text(info, "version"),
            "status": text(info, "status") or "active",
            "domain": text(info, "domain"),
            "dataProduct": text(info, "dataProduct"),
            "description": filled(
                {
                    "purpose": text(info, "description"),
                    "usage": text(terms, "usage"),
                    "limitations": text(terms, "limitations"),
                }
            ),
            "tags": list(texts(data.get("tags"))),
            "servers": [
                {**server, "server": name, "type": text(server, "type") or "custom"}
                for name, server in members(data.get("servers"))
            ],
            "schema": [_model(name, model, data) for name, model in members(data.get("models"))],
            "team": {"name": text(info, "owner")} if text(info, "owner") else None,
            "support": [filled({"channel": text(contact, "name") or url, "url": url})]
            if url or contact
            else None,
            "authoritativeDefinitions": [
                {"type": str(label), "url": link} for label, link in links.items() if isinstance(link, str)
            ],
            "slaProperties": list(_service_levels(data.get("servicelevels"))),
            "customProperties": [
                {"property": name, "value": value} for name, value in custom.items() if value
            ],
        }
    )


def _model(name: str, model: Data, data: Data) -> Data:
    keys: list[Any] = model["primaryKey"] if isinstance(model.get("primaryKey"), list) else []
    properties = [_field(field_name, field, data) for field_name, field in members(model.get("fields"))]
    for item in properties:
        if item["name"] in keys:
            item |= {"primaryKey": True, "primaryKeyPosition": keys.index(item["name"]) + 1}
    return filled(
        {
            "name": name,
            "physicalType": text(model, "type") or "table",
            "businessName": text(model, "title"),
            "description": text(model, "description"),
            "tags": list(texts(model.get("tags"))),
            "properties": properties,
            "quality": maps(model.get("quality")),
        }
    )


def _field(name: str, field: Data, data: Data, depth: int = 0) -> Data:
    field = _resolved(field, data)
    kind = text(field, "type").lower()
    config = field["config"] if isinstance(field.get("config"), dict) else {}
    physical = next(
        (
            str(config[key])
            for key in config
            if str(key).endswith("Type") and key not in ("jsonType", "avroType")
        ),
        "",
    )
    options = {option: field[option] for option in _OPTIONS if field.get(option) is not None}
    made = filled(
        {
            "name": name,
            "logicalType": _LOGICAL.get(re.sub(r"\(.*", "", kind).strip()),
            "physicalType": physical or kind,
            "businessName": text(field, "title"),
            "description": text(field, "description"),
            "required": field.get("required") if isinstance(field.get("required"), bool) else None,
            "unique": field.get("unique") if isinstance(field.get("unique"), bool) else None,
            "primaryKey": True if field.get("primaryKey") is True or field.get("primary") is True else None,
            "classification": text(field, "classification") or ("pii" if field.get("pii") is True else ""),
            "tags": list(texts(field.get("tags"))),
            "examples": field.get("examples") if isinstance(field.get("examples"), list) else None,
            "logicalTypeOptions": options,
            "enum": [{"value": value} for value in field["enum"]]
            if isinstance(field.get("enum"), list)
            else None,
            "relationships": [{"to": text(field, "references")}] if text(field, "references") else None,
            "quality": maps(field.get("quality")),
        }
    )
    if depth < 40:
        made |= _inner(field, data, depth)
    return made


def _inner(field: Data, data: Data, depth: int) -> Data:
    inner: Data = {}
    if isinstance(field.get("fields"), dict):
        inner["properties"] = [_field(name, item, data, depth + 1) for name, item in members(field["fields"])]
    if isinstance(field.get("items"), dict):
        item = _field("items", field["items"], data, depth + 1)
        inner["items"] = {name: value for name, value in item.items() if name != "name"}
    if isinstance(field.get("keys"), dict) and isinstance(field.get("values"), dict):
        parts = {part: _field(part, field[f"{part}s"], data, depth + 1) for part in ("key", "value")}
        inner["map"] = {part: {n: v for n, v in made.items() if n != "name"} for part, made in parts.items()}
    return inner


def _resolved(field: Data, data: Data) -> Data:
    """With what a definition of the same document says; references elsewhere are never followed."""
    reference = text(field, "$ref")
    definitions = data.get("definitions")
    if not reference.startswith("#/definitions/") or not isinstance(definitions, dict):
        return field
    definition = definitions.get(reference.removeprefix("#/definitions/"))
    return {**definition, **field} if isinstance(definition, dict) else field


def _service_levels(levels: Any) -> Iterator[Data]:
    for name, level in members(levels):
        promise = _service_level(name, level)
        if promise:
            element = text(level, "timestampField") or text(level, "sourceTimestampField")
            yield filled(
                {"property": name, **promise, "element": element, "description": text(level, "description")}
            )


def _service_level(name: str, level: Data) -> Data | None:
    if name == "availability" and text(level, "percentage"):
        words = text(level, "percentage").removesuffix("%").strip()
        try:
            return {"value": float(words), "unit": "percent"}
        except ValueError:
            return {"value": text(level, "percentage")}
    if name == "frequency":
        found = _INTERVALS.get(text(level, "interval").lower())
        return {"value": found[0], "unit": found[1]} if found else None
    words = text(level, "threshold") or text(level, "period") or text(level, "responseTime")
    read = period(words)
    if read:
        return {"value": read[0], "unit": read[1]}
    return {"value": words} if words else None
