"""The templates a contract can be started from: a few built in, and those governance keeps, which come first by name.

A template is what contracts of one sort share: service levels, terms, checks, support. Identity, version, state and
fields are never its own: they come from the port the contract is for.
"""

from dataclasses import dataclass
from typing import Any

from catalog.common.documents import read_document
from catalog.contracts.drafting import Data
from catalog.contracts.models import ContractTemplate


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it is chosen; `revision` 0: built in and never changed here."""

    slug: str
    name: str
    description: str
    text: str
    is_offered: bool = True
    is_built_in: bool = True
    revision: int = 0

    @property
    def data(self) -> Data:
        """The document; empty where the text is none."""
        found: Any = read_document(self.text.encode()).data
        return dict(found) if isinstance(found, dict) else {}


BUILT_IN = (
    Template(
        "batch-table",
        "Table, loaded daily",
        "Loaded once a day, kept for years, read by reports.",
        """description:
  usage: Read whole days; a day is complete once its load has finished.
  limitations: Rows of the last three days may still be corrected.
slaProperties:
- property: latency
  value: 24
  unit: h
- property: retention
  value: 3
  unit: y
- property: noticePeriod
  value: 90
  unit: d
schema:
- name: table
  quality:
  - type: library
    metric: rowCount
    mustBeGreaterThan: 0
    description: Never empty.
""",
    ),
    Template(
        "event-stream",
        "Stream of events",
        "Events as they happen; a consumer keeps what it needs.",
        """description:
  usage: Events may come twice and out of order; keep the newest of a key.
  limitations: What is older than the retention is gone.
slaProperties:
- property: latency
  value: 5
  unit: min
- property: retention
  value: 7
  unit: d
- property: noticePeriod
  value: 90
  unit: d
""",
    ),
    Template(
        "personal-data",
        "Personal data",
        "Anything about people: short retention, a stated purpose, no copies.",
        """description:
  usage: Only for the purpose that was asked for and approved.
  limitations: Contains personal data. No copies beyond the approved use; delete with the retention.
slaProperties:
- property: latency
  value: 24
  unit: h
- property: retention
  value: 90
  unit: d
- property: noticePeriod
  value: 180
  unit: d
tags:
- personal
""",
    ),
)


def all_templates() -> list[Template]:
    """Every template by name, those no longer offered among them; rows stand in for built-in ones of their slug."""
    delivered = {item.slug: item for item in BUILT_IN}
    rows = {row.slug: _of(row, is_built_in=row.slug in delivered) for row in ContractTemplate.objects.all()}
    return sorted({**delivered, **rows}.values(), key=lambda item: item.name.casefold())


def offered_templates() -> list[Template]:
    """Those a new contract may begin with."""
    return [item for item in all_templates() if item.is_offered]


def template_named(slug: str) -> Template | None:
    """The template as it is now, offered or not."""
    return next((item for item in all_templates() if item.slug == slug), None)


def _of(row: ContractTemplate, *, is_built_in: bool) -> Template:
    return Template(row.slug, row.name, row.description, row.text, row.is_offered, is_built_in, row.revision)
