"""What the demo's documents say: the company of `mesh.yaml`, and the tables its contracts promise. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from catalog.common.documents import read_document
from catalog.contracts import detect, odcs
from catalog.schemas.shape import FieldShape

DOCUMENTS = Path(__file__).parent / "documents"
TERMS = DOCUMENTS / "terms.yaml"  # of the glossary


@dataclass(frozen=True, slots=True)
class Table:
    """A table or file set of one store. `format` is empty in databases; `path` is below the stores' folder."""

    store: str
    name: str
    fields: tuple[FieldShape, ...]
    path: str = ""
    format: str = ""

    @property
    def key_columns(self) -> tuple[str, ...]:
        return tuple(field.path for field in self.fields if field.key_position)

    @property
    def columns(self) -> tuple[FieldShape, ...]:
        """The fields of the top level."""
        return tuple(field for field in self.fields if "[]" not in field.path and "." not in field.path)


@cache
def company() -> dict[str, Any]:
    """Teams, domains, people and stores."""
    data: dict[str, Any] = read_document((DOCUMENTS / "mesh.yaml").read_bytes()).data
    return data


def document_paths() -> Iterator[Path]:
    """Every product and contract, products' successors before those that name them."""
    files = sorted(path for path in DOCUMENTS.glob("*/*.yaml"))
    yield from sorted(files, key=lambda path: b"property: successor" in path.read_bytes())


@cache
def tables() -> tuple[Table, ...]:
    """What the stores must hold, read from the contracts: the stores are made from the promises."""
    found = []
    for path in sorted(DOCUMENTS.glob("*/*.odcs.yaml")):
        data = read_document(path.read_bytes()).data
        if detect.identify(data).kind == detect.ODCS:
            contract = odcs.parse(data)
            server, item = contract.servers[0], contract.objects[0]
            place = str(server.members.get("path", ""))
            form = Path(place).suffix.lstrip(".")
            found.append(Table(server.name, item.source_name, item.fields, place, form))
    return tuple(found)
