"""What a schema cannot say about a document: names used twice, references into nothing, checks that cannot run.

Called only with data that passed validation, so the shapes are those of the standard.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from catalog.common.errors import Problem
from catalog.common.paths import child_path
from catalog.quality import cron

Data = dict[str, Any]

_VARIABLE = re.compile(r"\$\{[^}]+\}")
_CONTRACT_ID = re.compile(r"[\w.:/~@+%#=?&,;()*'$\-{} ]+\Z")
_PORT_SERVERS = frozenset(
    {"postgresql", "postgres", "mysql", "oracle", "sqlserver", "redshift", "trino", "presto"}
)


def check_contract(data: Data) -> list[Problem]:
    """Semantic problems of an ODCS 3.x document."""
    checks: tuple[Callable[[Data], Iterable[Problem]], ...] = (
        _identifier, _unique_members, _unique_names, _relationships, _servers, _price, _promises, _quality,
    )  # fmt: skip
    return [problem for check in checks for problem in check(data)]


def check_product(data: Data) -> list[Problem]:
    """Semantic problems of a Bitol ODPS document."""
    problems = list(_identifier(data))
    for member, what in (("outputPorts", "output port"), ("inputPorts", "input port")):
        ports = data.get(member) or []
        for at, port in _repeated(ports, lambda port: (port["name"].strip(), str(port.get("version", "")))):
            problems.append(
                Problem(
                    f"$.{member}[{at}]",
                    "duplicate-name",
                    f"The {what} {port['name']} {port.get('version', '')} is declared twice. "
                    "Give each its own name or version.",
                )
            )
        problems += [
            Problem(f"$.{member}[{at}].name", "empty", f"The {what} has no name. Give it one.")
            for at, port in enumerate(ports)
            if not port["name"].strip()
        ]
    problems += _repeated_problem(data.get("managementPorts"), "$.managementPorts", "name", "management port")
    return problems


def check_identifier(data: Data) -> list[Problem]:
    """Problems of the id alone, for documents that were converted: their other places are not the document's."""
    return list(_identifier(data))


def _identifier(data: Data) -> Iterator[Problem]:
    key = data["id"]
    if not key.strip():
        yield Problem(
            "$.id", "empty", "The id is empty. Give the document an id that stays the same for life."
        )
    elif len(key) > 300:
        yield Problem("$.id", "too-long", "The id is longer than 300 characters. Shorten it.")
    elif not _CONTRACT_ID.match(key) or key != key.strip():
        yield Problem(
            "$.id",
            "identifier",
            f"The id {key[:80]!r} holds characters no address can carry. Use letters and -._:/",
        )


def _repeated(items: Iterable[Any], key: Callable[[Any], Any]) -> Iterator[tuple[int, Any]]:
    seen = set()
    for at, item in enumerate(items):
        name = key(item)
        if name in seen:
            yield at, item
        seen.add(name)


def _repeated_problem(items: Any, path: str, member: str, what: str) -> list[Problem]:
    named = [item if isinstance(item, dict) else {} for item in items or []]
    return [
        Problem(
            f"{path}[{at}].{member}",
            "duplicate-name" if member != "id" else "duplicate-id",
            f"The {what} {item[member]!r} stands twice in this list. Give each its own {member}.",
        )
        for at, item in _repeated(named, lambda item: item.get(member) or object())
    ]


def _unique_members(data: Data) -> Iterator[Problem]:
    """Stable ids are unique within their list, wherever they stand."""
    stack: list[tuple[Any, str]] = [(data, "$")]
    while stack:
        value, path = stack.pop()
        if isinstance(value, dict):
            stack.extend((member, child_path(path, name)) for name, member in value.items())
        elif isinstance(value, list):
            stack.extend((member, child_path(path, at)) for at, member in enumerate(value))
            if not path.endswith(("examples", "value")):
                yield from _repeated_problem(value, path, "id", "id")


def _unique_names(data: Data) -> Iterator[Problem]:
    yield from _repeated_problem(data.get("schema"), "$.schema", "name", "schema object")
    yield from _repeated_problem(data.get("servers"), "$.servers", "server", "server")
    for path, members in _property_lists(data):
        yield from _repeated_problem(members, path, "name", "property")


def _property_lists(data: Data) -> Iterator[tuple[str, list[Data]]]:
    """Every list of properties with its path, at any depth (objects, items of lists, values of maps)."""
    stack: list[tuple[str, Any]] = [
        (f"$.schema[{at}]", item) for at, item in enumerate(data.get("schema") or [])
    ]
    while stack:
        path, element = stack.pop()
        if not isinstance(element, dict):
            continue
        members = element.get("properties") or []
        if isinstance(members, list) and members:
            yield f"{path}.properties", members
            stack.extend((f"{path}.properties[{at}]", member) for at, member in enumerate(members))
        stack.append((f"{path}.items", element.get("items")))
        for part in ("key", "value"):
            stack.append((f"{path}.map.{part}", (element.get("map") or {}).get(part)))


def _relationships(data: Data) -> Iterator[Problem]:
    known = {
        f"{item['name']}.{member['name']}"
        for item in data.get("schema") or []
        for member in item.get("properties") or []
    }
    for at, item in enumerate(data.get("schema") or []):
        for place, relation in enumerate(item.get("relationships") or []):
            path = f"$.schema[{at}].relationships[{place}]"
            ends = {end: _as_list(relation.get(end)) for end in ("from", "to")}
            if len(ends["from"]) != len(ends["to"]):
                message = f"'from' names {len(ends['from'])} properties, 'to' {len(ends['to'])}. Name as many in both."
                yield Problem(path, "relationship-length", message)
            for end, names in ends.items():
                for name in names:
                    yield from _reference(name, f"{path}.{end}", known, item["name"] if end == "from" else "")
        for place, member in enumerate(item.get("properties") or []):
            for number, relation in enumerate(member.get("relationships") or []):
                for name in _as_list(relation.get("to")):
                    path = f"$.schema[{at}].properties[{place}].relationships[{number}].to"
                    for problem in _reference(name, path, known, ""):
                        yield Problem(problem.path, problem.rule, problem.message, "warning")


def _reference(name: str, path: str, known: set[str], inside: str) -> Iterator[Problem]:
    """`name` as table.column must exist in the document; references by path or into other files are left alone."""
    if "/" in name or "#" in name or name.count(".") != 1:
        return
    if name not in known:
        message = f"{name} is not a property of this document. Correct the name or add the property."
        yield Problem(path, "dangling-reference", message)
    elif inside and not name.startswith(f"{inside}."):
        message = f"{name} does not belong to {inside}, where this relationship stands. Move it there."
        yield Problem(path, "foreign-reference", message)


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [item for item in value or [] if isinstance(item, str)]


def _servers(data: Data) -> Iterator[Problem]:
    for at, server in enumerate(data.get("servers") or []):
        port = server.get("port")
        if isinstance(port, str) and server["type"] in _PORT_SERVERS and not port.isdigit():
            kind = "a variable" if _VARIABLE.search(port) else "text"
            message = f"The port is {kind} ({port}); a {server['type']} server needs a number, such as 5432."
            yield Problem(f"$.servers[{at}].port", "port-number", message)


def _price(data: Data) -> Iterator[Problem]:
    price = data.get("price") or {}
    if price.get("priceAmount") is not None and not price.get("priceCurrency"):
        yield Problem(
            "$.price.priceCurrency",
            "required",
            "An amount without a currency says nothing. Add priceCurrency.",
        )


def _promises(data: Data) -> Iterator[Problem]:
    known = _elements(data)
    for at, promise in enumerate(data.get("slaProperties") or []):
        yield from _schedule(promise, f"$.slaProperties[{at}]")
        for name in str(promise.get("element") or "").split(","):
            if known and name.strip() and not _is_known(name.strip(), known):
                message = (
                    f"{name.strip()[:100]} is nothing this document describes: correct the name. It is kept."
                )
                yield Problem(f"$.slaProperties[{at}].element", "dangling-reference", message, "warning")


def _is_known(name: str, known: set[str]) -> bool:
    """Whether a promise is about something here; what stands before it (`database.table.field`) may be anything."""
    parts = name.casefold().replace("[]", "").split(".")
    is_other = "/" in name or "#" in name or _VARIABLE.search(name) is not None
    return is_other or any(".".join(parts[at:]) in known for at in range(max(len(parts) - 1, 1)))


def _elements(data: Data) -> set[str]:
    """What promises may be about: objects, their fields with and without the object's name, by both of their names."""
    found: set[str] = set()
    waiting = [(item, "") for item in data.get("schema") or []]
    while waiting:
        item, above = waiting.pop()
        for name in (item.get("name"), item.get("physicalName")):
            if not isinstance(name, str):
                continue
            path = f"{above}.{name.casefold()}" if above else name.casefold()
            found |= {path, name.casefold()}
            waiting += [(member, path) for member in item.get("properties") or []]
    return found


def _schedule(item: Data, path: str) -> Iterator[Problem]:
    if item.get("scheduler") and not item.get("schedule"):
        yield Problem(
            f"{path}.schedule", "required", "A scheduler without a schedule never runs. Add schedule."
        )
    elif str(item.get("scheduler") or "").lower() == "cron" and not cron.is_readable(str(item["schedule"])):
        message = (
            f"“{str(item['schedule'])[:100]}” is no line of cron with five parts, such as 0 20 * * 1-5. "
        )
        yield Problem(f"{path}.schedule", "cron", f"{message}It is kept and not followed.", "warning")


def _quality(data: Data) -> Iterator[Problem]:
    places = [(f"$.schema[{at}]", item) for at, item in enumerate(data.get("schema") or [])]
    for path, members in _property_lists(data):
        places += [(f"{path}[{at}]", member) for at, member in enumerate(members)]
    for path, element in places:
        for at, check in enumerate(element.get("quality") or []):
            yield from _check(check, f"{path}.quality[{at}]")


def _check(check: Data, path: str) -> Iterator[Problem]:
    if not check:
        yield Problem(path, "empty", "The quality check is empty. Describe it, or take it out.")
    if check.get("type") == "sql" and not str(check.get("query") or "").strip():
        yield Problem(f"{path}.query", "empty", "A check by SQL needs a query.")
    for name in ("mustBeBetween", "mustNotBeBetween"):
        bounds = check.get(name)
        if isinstance(bounds, list) and len(bounds) == 2 and bounds[0] > bounds[1]:
            yield Problem(
                f"{path}.{name}", "order", f"The smaller number comes first: [{bounds[1]}, {bounds[0]}]."
            )
    yield from _schedule(check, path)
