"""Product descriptors of other standards as Bitol ODPS data: Linux Foundation ODPS, DPDS, Data Mesh Manager. Pure.

What maps, maps; nothing here raises for what a document says, and no reference is followed. The original is kept.
"""

import re
from typing import Any

from catalog.contracts.older_contracts import filled, maps, members
from catalog.contracts.parts import text, texts

Data = dict[str, Any]

_STATUS_OF_LF = {
    "announcement": "proposed", "draft": "draft", "development": "draft", "testing": "draft", "acceptance": "draft",
    "production": "active", "sunset": "deprecated", "retired": "retired",
}  # fmt: skip
_SERVICES = {"streaming": "topic", "datastore": "table", "rest": "api", "api": "api", "file": "files"}


def _descriptor(**said: Any) -> Data:
    base = {"apiVersion": "v1.0.0", "kind": "DataProduct"}
    return {**base, **filled(said), "status": said.get("status") or "draft"}


def _custom(**values: Any) -> list[Data]:
    return [{"property": name, "value": value} for name, value in filled(values).items()]


def details_of_lf(data: Data) -> Data:
    """The details of a Linux Foundation product in English, else in the first language it has."""
    product = data["product"] if isinstance(data.get("product"), dict) else {}
    for holder in (product.get("details"), product):
        if isinstance(holder, dict):
            spoken = {
                str(language): item
                for language, item in holder.items()
                if isinstance(item, dict) and text(item, "name")
            }
            if spoken:
                return spoken.get("en") or next(iter(spoken.values()))
    return product


def from_odps_lf(data: Data) -> Data:
    """A product of the Linux Foundation's ODPS as Bitol ODPS."""
    product = _parts_of_lf(data)
    details = details_of_lf(data)
    holder = _spoken(product.get("dataHolder"))
    contract = product["contract"] if isinstance(product.get("contract"), dict) else {}
    support = product["support"] if isinstance(product.get("support"), dict) else {}
    cases = [_spoken(item.get("useCase")) for item in maps(details.get("useCases"))]
    name = text(details, "name")
    return _descriptor(
        id=text(details, "productID") or (f"urn:odps-lf:{_slug(name)}" if name else ""),
        name=name,
        version=text(details, "productVersion"),
        status=_STATUS_OF_LF.get(text(details, "status").lower()),
        description=filled(
            {
                "purpose": text(details, "valueProposition"),
                "usage": "\n\n".join(
                    f"**{text(case, 'useCaseTitle')}**: {text(case, 'useCaseDescription')}"
                    for case in cases
                    if text(case, "useCaseTitle")
                ),
                "limitations": text(details, "issues"),
            }
        ),
        tags=list(dict.fromkeys((*texts(details.get("tags")), *texts(details.get("categories"))))),
        team={"name": text(holder, "businessName") or text(holder, "legalName")} if holder else None,
        support=[
            {"channel": text(support, "email"), "url": f"mailto:{text(support, 'email')}", "tool": "email"}
        ]
        if text(support, "email")
        else None,
        authoritativeDefinitions=[
            {"type": "documentation", "url": text(details, member)}
            for member in ("documentationURL", "homepage", "contentSample")
            if text(details, member)
        ],
        outputPorts=_access_of_lf(product, text(contract, "id"), _sla_of_lf(product.get("SLA"))),
        customProperties=_custom(documentation=text(details, "description")),
    )


def _parts_of_lf(data: Data) -> Data:
    """The product with its parts, which versions of the standard and their examples put inside it or beside it."""
    product = data["product"] if isinstance(data.get("product"), dict) else {}
    beside = {name: data[name] for name in _PARTS_OF_LF if name in data}
    return {**beside, **{name: value for name, value in product.items() if value is not None}}


_PARTS_OF_LF = ("dataAccess", "SLA", "support", "contract", "dataHolder")
_PROMISES_OF_LF = {"uptime": "availability", "updatefrequency": "freshness", "responsetime": "responseTime"}


def _sla_of_lf(said: Any) -> list[Data]:
    """Its declared service levels as `slaProperties` of ODCS: of the profile `default`, else of the first one."""
    declared = said.get("declarative") if isinstance(said, dict) else said
    if isinstance(declared, dict):
        profile = declared.get("default") or next(iter(declared.values()), None)
        declared = profile.get("dimensions") if isinstance(profile, dict) else profile
    return [
        {
            "property": _PROMISES_OF_LF[text(item, "dimension").lower()],
            "value": item.get("objective"),
            "unit": text(item, "unit"),
        }
        for item in maps(declared)
        if text(item, "dimension").lower() in _PROMISES_OF_LF
    ]


def _access_of_lf(product: Data, contract: str, sla: list[Data]) -> list[Data]:
    access = product.get("dataAccess")
    ways = members(access) or [
        (text(item, "name") or text(item, "interface") or f"access-{at}", item)
        for at, item in enumerate(maps(access), start=1)
    ]
    return [
        filled(
            {
                "name": key if key not in ("default", "$ref") else "default",
                "version": "1.0.0",
                "description": _words(way.get("description")),
                "type": text(way, "outputPortType")
                or text(way, "outputPorttype")
                or text(way, "type")
                or text(way, "interface")
                or text(way, "format"),
                "contractId": contract,
                "customProperties": _custom(
                    title=_words(way.get("name")),
                    location=text(way, "accessURL"),
                    format=text(way, "format"),
                    slaProperties=sla,
                ),
            }
        )
        for key, way in ways
    ]


def _words(value: Any) -> str:
    """A text, or a text by language: English first. Lists of `{en: …}` too."""
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), "")
    if isinstance(value, dict):
        return text(value, "en") or next((text(value, str(key)) for key in value), "")
    return value.strip() if isinstance(value, str) else ""


def _spoken(value: Any) -> Data:
    """A map, or the English (else first) of maps by language."""
    if not isinstance(value, dict):
        return {}
    inner = members(value)
    if inner and len(inner) == len(value):
        return dict(inner).get("en") or inner[0][1]
    return value


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def from_dpds(data: Data) -> Data:
    """A descriptor of the Data Product Descriptor Specification as Bitol ODPS."""
    info = data["info"] if isinstance(data.get("info"), dict) else {}
    interface = data["interfaceComponents"] if isinstance(data.get("interfaceComponents"), dict) else {}
    owner = info["owner"] if isinstance(info.get("owner"), dict) else {}
    member = filled({"username": text(owner, "id"), "name": text(owner, "name"), "role": "owner"})
    inputs = [
        _named_port(port, "input", at) for at, port in enumerate(maps(interface.get("inputPorts")), start=1)
    ]
    outputs = [_port_of_dpds(port, at) for at, port in enumerate(maps(interface.get("outputPorts")), start=1)]
    return _descriptor(
        id=text(info, "fullyQualifiedName") or text(info, "entityId") or text(info, "name"),
        name=text(info, "displayName") or text(info, "name"),
        version=text(info, "version") or text(info, "versionNumber"),
        domain=text(info, "domain"),
        description=filled({"purpose": text(info, "description")}),
        tags=list(texts(data.get("tags"))),
        team={"members": [member]} if member.get("username") else None,
        inputPorts=[{**port, "contractId": text(port, "contractId") or port["name"]} for port in inputs],
        outputPorts=outputs,
    )


def _named_port(port: Data, what: str, at: int) -> Data:
    """Name and version; a port that stands in another file is called like the file, which is not read."""
    reference = re.sub(r"\.\w+\Z", "", text(port, "$ref").rsplit("/", 1)[-1])
    name = text(port, "name") or reference or f"{what}-{at}"
    return {"name": name, "version": text(port, "version") or "1.0.0"}


def _port_of_dpds(port: Data, at: int) -> Data:
    promises = port["promises"] if isinstance(port.get("promises"), dict) else {}
    api = promises["api"] if isinstance(promises.get("api"), dict) else {}
    words = f"{text(promises, 'serviceType')} {text(api, 'specification')}".lower()
    return filled(
        {
            **_named_port(port, "port", at),
            "description": text(port, "description"),
            "type": next((kind for word, kind in _SERVICES.items() if word in words), ""),
            "customProperties": _custom(title=text(port, "displayName"), platform=text(promises, "platform")),
        }
    )


def from_dps(data: Data) -> Data:
    """A product of the Data Mesh Manager (dataproduct specification) as Bitol ODPS."""
    info = data["info"] if isinstance(data.get("info"), dict) else {}
    links = data["links"] if isinstance(data.get("links"), dict) else {}
    return _descriptor(
        id=text(data, "id"),
        name=text(info, "title") or text(info, "name") or text(data, "id"),
        version=text(info, "version"),
        status=text(info, "status") or "draft",
        domain=text(info, "domain"),
        description=filled({"purpose": text(info, "description")}),
        tags=list(texts(data.get("tags"))),
        team={"name": text(info, "owner")} if text(info, "owner") else None,
        authoritativeDefinitions=[
            {"type": str(label), "url": url} for label, url in links.items() if isinstance(url, str)
        ],
        inputPorts=[_input_of_dps(port, at) for at, port in enumerate(maps(data.get("inputPorts")), start=1)],
        outputPorts=[
            _port_of_dps(port, at) for at, port in enumerate(maps(data.get("outputPorts")), start=1)
        ],
        customProperties=_custom(type=text(info, "archetype")),
    )


def _input_of_dps(port: Data, at: int) -> Data:
    name = text(port, "id") or text(port, "name") or f"input-{at}"
    source = text(port, "dataContractId") or text(port, "sourceSystemId") or name
    return {"name": name, "version": text(port, "version") or "1.0.0", "contractId": source}


def _port_of_dps(port: Data, at: int) -> Data:
    custom = port["custom"] if isinstance(port.get("custom"), dict) else {}
    server = port["server"] if isinstance(port.get("server"), dict) else {}
    return filled(
        {
            "name": text(port, "id") or text(port, "name") or f"port-{at}",
            "version": text(port, "version") or "1.0.0",
            "description": text(port, "description"),
            "type": text(port, "type"),
            "contractId": text(port, "dataContractId"),
            "customProperties": _custom(
                title=text(port, "name"),
                location=text(port, "location") or text(server, "location"),
                platform=text(custom, "platform"),
                environment=text(port, "environment"),
            ),
        }
    )
