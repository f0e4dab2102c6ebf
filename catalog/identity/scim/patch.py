"""PATCH of SCIM (RFC 7644, 3.5.2) on a document, in the dialects that providers really send. Pure.

Okta sends `{"op": "replace", "value": {"active": false}}`; Entra `{"op": "Replace", "path": "active", "value":
"False"}`, capitalised, truth values as text, dotted keys inside `value`, `members[value eq "7"]` to remove one.
"""

import re
from copy import deepcopy
from typing import Any

from catalog.identity.scim.errors import ScimError, bad_value, no_path
from catalog.identity.scim.filters import Comparison, Filter, fits, parse, path_of

MOST_OPERATIONS = 1_000
_FILTERED = re.compile(r"^(?P<before>[^\[\]]+)\[(?P<filter>.+)\](?:\.(?P<after>[^\[\]]+))?$", re.DOTALL)


def operations_of(body: Any) -> list[dict[str, Any]]:
    """The operations of a PATCH request; keys in any capitals. Raises ScimError (invalidSyntax)."""
    told = _get(body, "operations") if isinstance(body, dict) else None
    if not isinstance(told, list) or not told or len(told) > MOST_OPERATIONS:
        raise ScimError(400, f"Send 1 to {MOST_OPERATIONS} Operations.", "invalidSyntax")
    found = []
    for item in told:
        name = _get(item, "op") if isinstance(item, dict) else None
        if not isinstance(name, str) or name.lower() not in ("add", "replace", "remove"):
            raise ScimError(400, "Each operation needs an op: add, replace or remove.", "invalidSyntax")
        path = _get(item, "path")
        if path is not None and not isinstance(path, str):
            raise no_path(str(path))
        found.append({"op": name.lower(), "path": path or "", "value": _get(item, "value")})
    return found


def patched(document: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """A new document with all operations applied, in their order. Raises ScimError; then nothing counts."""
    result = deepcopy(document)
    for operation in operations:
        op, path, value = operation["op"], operation["path"], operation["value"]
        if path:
            _at(result, op, path, value)
            continue
        if op == "remove":
            raise ScimError(400, "Say with path what is to be removed.", "noTarget")
        if not isinstance(value, dict):
            raise bad_value("Without a path the value must be an object.")
        for key, item in value.items():
            _at(result, op, key, item)
    return result


def _at(document: dict[str, Any], op: str, path: str, value: Any) -> None:
    if path.lower().startswith("urn:") and _key(document, path) is None and isinstance(value, dict):
        _set(document, op, path, value)  # a whole extension
        return
    match = _FILTERED.match(path)
    if match is None and ("[" in path or "]" in path):
        raise no_path(path)
    names = path_of(match["before"] if match else path)
    if not all(names):
        raise no_path(path)
    holder = _inside(document, names[:-1], make=op != "remove")
    if match:
        after = path_of(match["after"]) if match["after"] else ()
        _among(holder, op, names[-1], parse(match["filter"]), after, value)
    elif holder is not None:
        _set(holder, op, names[-1], value)


def _inside(place: dict[str, Any], names: tuple[str, ...], *, make: bool) -> Any:
    for name in names:
        key = _key(place, name)
        if key is None and not make:
            return None
        inner = place.setdefault(key or _spelled(name), {})
        if not isinstance(inner, dict):
            raise no_path(".".join(names))
        place = inner
    return place


def _set(holder: dict[str, Any], op: str, name: str, value: Any) -> None:
    key = _key(holder, name) or _spelled(name)
    if op == "remove":
        kept = holder.pop(key, None)
        if isinstance(value, list) and isinstance(kept, list):  # Entra: remove with a list of those to go
            going = {_identity(item) for item in value}
            holder[key] = [item for item in kept if _identity(item) not in going]
        return
    if op == "add" and isinstance(holder.get(key), list):
        more = value if isinstance(value, list) else [value]
        known = {_identity(item) for item in holder[key]}
        holder[key] += [item for item in more if _identity(item) not in known]
    elif op == "add" and isinstance(holder.get(key), dict) and isinstance(value, dict):
        holder[key].update(value)
    else:
        holder[key] = value


def _identity(item: Any) -> str:
    return str(item.get("value", item)) if isinstance(item, dict) else str(item)


def _among(holder: Any, op: str, name: str, condition: Filter, after: tuple[str, ...], value: Any) -> None:
    """The values of a list that fit; `add` and `replace` make one where none does, as Entra expects."""
    if holder is None:
        return
    key = _key(holder, name) or _spelled(name)
    items = holder.get(key, [])
    if not isinstance(items, list):
        raise no_path(name)
    chosen = [item for item in items if fits(condition, item)]
    if op == "remove" and not after:
        holder[key] = [item for item in items if not any(item is other for other in chosen)]
        return
    if not chosen and op != "remove":
        chosen = [_made_of(condition)]
        holder[key] = [*items, *chosen]
    for item in chosen:
        if not isinstance(item, dict):
            raise no_path(name)
        if after:
            inner = _inside(item, after[:-1], make=True)
            _set(inner, op, after[-1], value)
        elif isinstance(value, dict):
            item.update(value)
        else:
            raise bad_value("The value must be an object.")


def _made_of(condition: Filter) -> dict[str, Any]:
    if isinstance(condition, Comparison) and condition.sign == "eq" and len(condition.path) == 1:
        return {condition.path[0]: condition.value}
    raise ScimError(400, "Nothing fits the filter in the path.", "noTarget")


def _key(holder: dict[str, Any], name: str) -> str | None:
    return next((key for key in holder if key.lower() == name.lower()), None)


def _get(holder: dict[str, Any], name: str) -> Any:
    key = _key(holder, name)
    return holder[key] if key else None


_SPELLINGS = {
    name.lower(): name
    for name in (
        "userName", "externalId", "displayName", "nickName", "profileUrl", "userType", "preferredLanguage",
        "phoneNumbers", "givenName", "familyName", "middleName", "honorificPrefix", "honorificSuffix",
        "employeeNumber", "costCenter",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    )
}  # fmt: skip


def _spelled(name: str) -> str:
    """A name as the standard writes it, so that what was sent in any capitals is read back right."""
    return _SPELLINGS.get(name.lower(), name)
