"""Bringing OpenSLO documents in, each objective whole or not at all, and taking objectives out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from catalog.accounts.models import User
from catalog.common.documents import decode, expand, read_document
from catalog.common.errors import PortalError, Problem
from catalog.products.models import OutputPort
from catalog.slos import services
from catalog.slos.models import ServiceLevelObjective
from catalog.slos.openslo import Found, document_of, parse

_BETWEEN = re.compile(r"^---[ \t]*(?:#.*)?\r?$", re.MULTILINE)
OPENSLO = ServiceLevelObjective.Source.OPENSLO.value
MOST_DOCUMENTS = 1_000  # in one file


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one objective: `imported`, `changed`, `unchanged` or `refused`."""

    key: str
    status: str
    problems: tuple[Problem, ...] = ()
    slo_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        shown = [problem.as_dict() for problem in self.problems]
        return {"key": self.key, "status": self.status, "slo": self.slo_id, "problems": shown}


def import_slos(*, actor: User | None, raw: bytes, port_key: str = "") -> list[Imported]:
    """Promise what OpenSLO v1 documents say; the same document again changes nothing.

    The port is the one the document names (annotation `mesh-portal/port`), else `port_key`
    (`domain/slug/name/version`). A file that cannot be read gives one refusal with its problems.
    """
    try:
        documents = _documents(raw)
    except PortalError as error:
        problems = error.problems or [Problem("$", "unreadable", error.message)]
        return [Imported("", "refused", tuple(problems))]
    found = parse(documents)
    if not found:
        words = "There is no SLO of OpenSLO v1 in it."
        return [Imported("", "refused", (Problem("$.kind", "kind", words),))]
    return [_bring(actor, item, port_key) for item in found]


def _documents(raw: bytes) -> list[Any]:
    text = decode(expand(raw))
    parts = [part for part in _BETWEEN.split(text) if part.strip()]
    return [read_document(part.encode()).data for part in parts[:MOST_DOCUMENTS]]


def _bring(actor: User | None, item: Found, port_key: str) -> Imported:
    if item.is_refused:
        return Imported(item.key, "refused", item.problems)
    port = _port(actor, item.port or port_key)
    if port is None:
        words = "No port you may see is named; name it as domain/slug/name/version."
        problem = Problem("$.metadata.annotations", "port", words)
        return Imported(item.key, "refused", (*item.problems, problem))
    known = port.slos.filter(source=OPENSLO, source_key=item.key[:300]).first()
    fields: Any = item.values
    kept = {name: _plain(value) for name, value in item.values.items()}
    origin: services.SloOrigin = {
        "source": OPENSLO,
        "source_key": item.key[:300],
        "source_values": kept,
    }
    try:
        if known is None:
            made = services.create_slo(actor=actor, port=port, origin=origin, **fields)
            return Imported(item.key, "imported", item.problems, made.pk)
        if known.source_values == kept:
            return Imported(item.key, "unchanged", item.problems, known.pk)
        updates, warnings = _merged(known, item.values)
        changes: Any = updates
        services.edit_slo(actor=actor, slo=known, origin=origin, **changes)
        return Imported(item.key, "changed", (*item.problems, *warnings), known.pk)
    except PortalError as error:
        problems = error.problems or [Problem("$", "refused", str(error))]
        return Imported(item.key, "refused", (*item.problems, *problems))


def _merged(slo: ServiceLevelObjective, wanted: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """What the document changed since it was last read; where a person decided otherwise, their word stays."""
    updates: dict[str, Any] = {}
    warnings = []
    for name, value in wanted.items():
        said, now = slo.source_values.get(name), _plain(getattr(slo, name))
        if _plain(value) in (said, now):
            continue
        if now == said:
            updates[name] = value
            continue
        words = f"{name.replace('_', ' ').capitalize()} was edited here. The edit was kept."
        warnings.append(Problem(f"$.{name}", "edited-by-hand", words, "warning"))
    return updates, warnings


def _plain(value: Any) -> Any:
    return value.total_seconds() if hasattr(value, "total_seconds") else value


def _port(actor: User | None, key: str) -> OutputPort | None:
    parts = key.split("/")
    if len(parts) != 4:
        return None
    ports = OutputPort.objects.all() if actor is None else OutputPort.objects.visible_to(actor)
    return (
        ports.select_related("product__domain")
        .filter(product__domain__slug=parts[0], product__slug=parts[1], name=parts[2], version=parts[3])
        .first()
    )


def export_slos(slos: Iterable[ServiceLevelObjective]) -> str:
    """Objectives as one YAML stream of OpenSLO v1 documents."""
    documents = [document_of(slo) for slo in slos]
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=120)
