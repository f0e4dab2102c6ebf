"""A product descriptor (Bitol ODPS) with the edits made in the portal: exactly what was edited changes. Pure.

A *state* is what the portal says of a product in plain JSON (see `services.baseline`): one is kept when a descriptor
is imported, another is taken when it is exported, and only what differs between the two is written.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from catalog.contracts.lists import merged, set_custom, set_member
from catalog.contracts.parts import Member, read_links, read_support, text

Data = dict[str, Any]
State = Mapping[str, Any]
Writer = Callable[[Data, Data, Data], Data]  # (document, entry, changes) -> entry

#: member of the state's fields -> custom property of the document
_CUSTOM = {"description": "documentation", "region": "region"}
_CUSTOM_OF_PLACE = {
    "classification": "classification", "visibility": "visibility", "sunset": "sunset", "successor": "successor",
    "lifecycle_note": "deprecationReason",
}  # fmt: skip
_CUSTOM_OF_PORT = {
    "title": "title", "environment": "environment", "modality": "modality", "location": "location",
    "format": "format", "platform": "platform", "region": "region", "encryption_at_rest": "encryptionAtRest",
    "connection": "connection",
}  # fmt: skip
_ARCHETYPES = {
    "source_aligned": "sourceAligned", "aggregate": "aggregate", "consumer_aligned": "consumerAligned",
}  # fmt: skip
_ROLES = {"business_owner": "owner", "technical_owner": "technical owner", "steward": "steward"}


def new_descriptor(key: str) -> Data:
    """The least a descriptor says, for a product that was made here."""
    return {"apiVersion": "v1.0.0", "kind": "DataProduct", "id": key, "name": "", "status": "draft"}


def with_edits(data: Data, before: State, now: State) -> Data:
    """The document `data` where the portal's state went from `before` to `now`; `data` itself is not changed."""
    made = deepcopy(data)
    _write_fields(made, _changed(before.get("fields", {}), now["fields"]), before.get("fields", {}))
    _write_places(made, _changed(before.get("places", {}), now["places"]))
    _write_tags(made, before.get("tags", []), now["tags"])
    _write_people(made, before.get("people", []), now["people"])
    _write_list(made, "outputPorts", before, now, "ports", _port_entry)
    _write_list(made, "inputPorts", before, now, "inputs", _input_entry)
    return made


def _changed(before: State, now: State) -> Data:
    return {
        name: value
        for name, value in now.items()
        if before.get(name) != value and not _both_empty(before.get(name), value)
    }


def _both_empty(one: Any, other: Any) -> bool:
    return one in (None, "", [], {}) and other in (None, "", [], {})


def _write_fields(data: Data, changes: Data, before: State) -> None:
    for name, value in changes.items():
        if name in ("name", "version"):
            set_member(data, name, value)
        elif name in ("purpose", "usage", "limitations"):
            words = data.get("description")
            words = dict(words) if isinstance(words, Mapping) else {"purpose": words} if words else {}
            set_member(words, name, value)
            set_member(data, "description", words)
        elif name == "archetype":
            _write_archetype(data, value)
        elif name == "links":
            _write_links(data, before.get("links") or [], value)
        elif name == "support":
            _write_support(data, before.get("support") or [], value)
        elif name in _CUSTOM:
            set_custom(data, _CUSTOM[name], value)


def _write_archetype(data: Data, value: str) -> None:
    """`type` is a member since 1.1; older documents say it as a custom property."""
    if _version(data) >= (1, 1) or "type" in data:
        set_member(data, "type", _ARCHETYPES.get(value))
    else:
        set_custom(data, "type", _ARCHETYPES.get(value))


def _version(data: Data) -> tuple[int, ...]:
    numbers = text(data, "apiVersion").lstrip("v").split(".")
    return tuple(int(number) for number in numbers if number.isdigit())


def _write_links(data: Data, before: list[Data], now: list[Data]) -> None:
    def make(link: Data) -> Data:
        is_old = _version(data) < (1, 0)  # its types are a closed list
        return {
            "type": "businessDefinition" if is_old else "other",
            "url": link["url"],
            "description": link["label"],
        }

    def derive(entry: Any) -> Any:
        return next(iter(read_links([entry])), None)

    links = merged(data.get("authoritativeDefinitions"), derive, before, now, make)
    words = data.get("description")
    if isinstance(words, Mapping) and words.get("authoritativeDefinitions"):
        inner = words["authoritativeDefinitions"]
        shown = [derive(entry) for entry in inner]
        links = [
            entry
            for entry in links
            if derive(entry) not in shown or entry in (data.get("authoritativeDefinitions") or [])
        ]
        kept = merged(inner, derive, before, [value for value in now if value in shown], make)
        words = dict(words)
        set_member(words, "authoritativeDefinitions", kept)
        set_member(data, "description", words)
    set_member(data, "authoritativeDefinitions", links)


def _write_support(data: Data, before: list[Data], now: list[Data]) -> None:
    def make(entry: Data) -> Data:
        made = {"channel": entry.get("channel", ""), "url": entry.get("url", "")}
        return made | ({"tool": entry["tool"]} if entry.get("tool") else {})

    def derive(entry: Any) -> Any:
        return next(iter(read_support([entry])), None)

    set_member(data, "support", merged(data.get("support"), derive, before, now, make))


def _write_places(data: Data, changes: Data) -> None:
    for name, value in changes.items():
        if name == "lifecycle":
            data["status"] = value
            if data.get("deprecated") is True and value != "deprecated":
                data["deprecated"] = False
        elif name == "domain":
            set_member(data, "domain", value)
        elif name == "team":
            _write_team(data, value)
        elif name in _CUSTOM_OF_PLACE:
            set_custom(data, _CUSTOM_OF_PLACE[name], value)


def _write_team(data: Data, name: str) -> None:
    """The team's name; where the team is the older plain list of people it stands in a custom property."""
    if isinstance(data.get("team"), list) or _version(data) < (1, 0):
        set_custom(data, "team", name)
        return
    team = dict(data.get("team") or {})
    set_member(team, "name", name)
    set_member(data, "team", team)


def _write_tags(data: Data, before: list[str], now: list[str]) -> None:
    if sorted(before) != sorted(now):
        is_gone = {name.casefold() for name in before} - {name.casefold() for name in now}
        kept = [tag for tag in data.get("tags") or [] if str(tag).strip()[:80].casefold() not in is_gone]
        added = [tag for tag in now if tag not in before]
        set_member(data, "tags", [*kept, *added])


def _write_people(data: Data, before: list[list[str]], now: list[list[str]]) -> None:
    """People by (username or e-mail as the document may write them, role): those who left go, new ones are added."""
    gone = [person for person in before if person not in now]
    come = [person for person in now if person not in before]
    if not gone and not come:
        return
    team = data.get("team")
    members = list(team if isinstance(team, list) else (team or {}).get("members") or [])
    named = {(name.casefold(), role) for username, email, role in gone for name in (username, email) if name}

    def is_gone(member: Any) -> bool:
        if not isinstance(member, Mapping):
            return False
        name = text(member, "username").casefold()
        return (name, Member("", role=text(member, "role")).portal_role) in named

    members = [member for member in members if not is_gone(member)]
    members += [{"username": username, "role": _ROLES[role]} for username, _email, role in come]
    if isinstance(team, list) or _version(data) < (1, 0):
        set_member(data, "team", members)
    else:
        made = dict(team or {})
        set_member(made, "members", members)
        set_member(data, "team", made)


def _write_list(data: Data, member: str, before: State, now: State, name: str, write: Writer) -> None:
    """`places` of the earlier state says which object here each entry of the document is (null: none)."""
    was, today = before.get(name, {}), now[name]
    places = before.get(f"{name}_places", [])
    entries = list(data.get(member) or [])
    made = []
    for place, entry in enumerate(entries):
        key = places[place] if place < len(places) else None
        if key is None or key not in was:
            made.append(entry)
        elif key in today:
            made.append(write(data, entry, _changed(was[key], today[key])))
    made += [write(data, {}, fields) for key, fields in today.items() if key not in was]
    if made != entries:
        set_member(data, member, made)


def _port_entry(data: Data, entry: Data, changes: Data) -> Data:
    made = dict(entry)
    for name, value in changes.items():
        if name in ("name", "version", "description"):
            set_member(made, name, value)
        elif name == "kind":
            set_member(made, "type", value)
        elif name == "contract":
            set_member(made, "contractId", value)
        elif _version(data) >= (1, 0):
            set_custom(made, _CUSTOM_OF_PORT[name], value)
    return made


def _input_entry(data: Data, entry: Data, changes: Data) -> Data:
    made = dict(entry)
    for name, value in changes.items():
        set_member(made, "contractId" if name == "contract" else name, value)
    if not entry and _version(data) < (1, 1):  # required there
        made.setdefault("version", "1.0.0")
        made.setdefault("contractId", made["name"])
    return made
