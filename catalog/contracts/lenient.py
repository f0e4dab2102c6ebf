"""What documents of other kinds must say to be read at all, and what deserves a warning. Pure.

The standards' own schemas are stricter than their authors' examples; here is refused only what leaves nothing to work
with: no identity, a wrong type, a template nobody filled in.
"""

from collections.abc import Callable, Iterator
from typing import Any

from catalog.common.errors import Problem
from catalog.common.paths import child_path
from catalog.contracts import detect
from catalog.contracts.other_products import details_of_lf
from catalog.contracts.parts import text

Data = dict[str, Any]


def check(data: Data, identity: detect.Identity) -> list[Problem]:
    """Problems of a document of a kind that is converted, with paths in the document itself."""
    if identity.is_odcs_2:
        return list(_check_odcs_2(data))
    return list(_CHECKS[identity.kind](data))


def _required(data: Data, path: str, *names: str) -> Iterator[Problem]:
    for name in names:
        if not text(data, name):
            yield Problem(
                child_path(path, name), "required", f"The member {name!r} is missing or empty. Add it."
            )


def _advised(data: Data, path: str, *names: str) -> Iterator[Problem]:
    for name in names:
        if not text(data, name):
            message = f"The standard asks for {name!r}; it was read without."
            yield Problem(child_path(path, name), "required", message, "warning")


def _typed(data: Data, path: str, kind: type, *names: str) -> Iterator[Problem]:
    word = "a map" if kind is dict else "a list"
    for name in names:
        if data.get(name) is not None and not isinstance(data[name], kind):
            yield Problem(child_path(path, name), "type", f"{name!r} must be {word}.")


def _map(data: Data, name: str) -> Data:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _check_odcs_2(data: Data) -> Iterator[Problem]:
    yield from _required(data, "$", "uuid", "version")
    yield from _advised(data, "$", "status", "type", "datasetName", "quantumName")
    yield from _typed(
        data, "$", list, "dataset", "stakeholders", "slaProperties", "tags", "roles", "customProperties"
    )
    yield from _typed(data, "$", dict, "description", "price")
    tables = data.get("dataset")
    for at, table in enumerate(tables if isinstance(tables, list) else []):
        path = f"$.dataset[{at}]"
        if not isinstance(table, dict):
            yield Problem(path, "type", "A table must be a map.")
            continue
        yield from _required(table, path, "table")
        yield from _typed(table, path, list, "columns", "quality")


def _check_dcs(data: Data) -> Iterator[Problem]:
    yield from _required(data, "$", "id")
    if not isinstance(data.get("info"), dict):
        yield Problem(
            "$.info", "required", "The member 'info' is missing or no map. Add it with title and version."
        )
    yield from _required(_map(data, "info"), "$.info", "title", "version")
    yield from _typed(data, "$", dict, "servers", "models", "terms", "definitions", "servicelevels", "links")
    for name, model in _map(data, "models").items():
        path = child_path("$.models", str(name))
        if not isinstance(model, dict):
            yield Problem(path, "type", "A model must be a map.")
            continue
        yield from _typed(model, path, dict, "fields")
        for field, said in _map(model, "fields").items():
            if not isinstance(said, dict):
                yield Problem(child_path(f"{path}.fields", str(field)), "type", "A field must be a map.")


def _check_dps(data: Data) -> Iterator[Problem]:
    yield from _required(data, "$", "id")
    yield from _typed(data, "$", dict, "info", "links", "custom")
    yield from _typed(data, "$", list, "inputPorts", "outputPorts", "tags")
    yield from _advised(_map(data, "info"), "$.info", "title")


def _check_dpds(data: Data) -> Iterator[Problem]:
    if not isinstance(data.get("info"), dict):
        yield Problem("$.info", "required", "The member 'info' is missing or no map. Add it with a name.")
        return
    info = data["info"]
    if not text(info, "name") and not text(info, "fullyQualifiedName"):
        yield Problem(
            "$.info.name", "required", "The product has neither a name nor a fullyQualifiedName. Add one."
        )
    else:
        yield from _advised(info, "$.info", "name", "fullyQualifiedName", "version")
    yield from _typed(data, "$", dict, "interfaceComponents", "internalComponents")
    interface = _map(data, "interfaceComponents")
    yield from _typed(interface, "$.interfaceComponents", list, "inputPorts", "outputPorts")
    for member in ("inputPorts", "outputPorts"):
        ports = interface.get(member)
        for at, port in enumerate(ports if isinstance(ports, list) else []):
            if isinstance(port, dict) and text(port, "$ref"):
                message = f"The port stands in another file ({text(port, '$ref')[:200]}), which was not read."
                yield Problem(f"$.interfaceComponents.{member}[{at}]", "reference", message, "warning")


def _check_odps_lf(data: Data) -> Iterator[Problem]:
    details = details_of_lf(data)
    name, key = text(details, "name"), text(details, "productID")
    if not name and not key:
        yield Problem(
            "$.product.details", "required", "The product has neither a name nor a productID. Add them."
        )
    elif "{{" in name + key:
        yield Problem(
            "$.product.details", "template", "This is a template: fill in the name and the productID."
        )
    elif not key:
        yield Problem(
            "$.product.details.en.productID",
            "required",
            "There is no productID; the name stands for it.",
            "warning",
        )
    if not isinstance(data.get("version"), str):
        yield Problem(
            "$.version", "type", "The standard writes its version as text: version: '4.1'.", "warning"
        )


_CHECKS: dict[str, Callable[[Data], Iterator[Problem]]] = {
    detect.DCS: _check_dcs, detect.DPS: _check_dps, detect.DPDS: _check_dpds, detect.ODPS_LF: _check_odps_lf,
}  # fmt: skip
