"""What pages of other features show of contracts."""

from dataclasses import dataclass

from django import template

from catalog.contracts.drift import Drift, drift
from catalog.contracts.models import PortContract
from catalog.products.models import OutputPort
from catalog.schemas.pages import compared

register = template.Library()

MOST = 100  # fields on the page; the schema tab has them all


@dataclass(frozen=True, slots=True)
class PortPromise:
    """The contract a port is offered under, and where the data differs from it; `is_read` False: not crawled yet."""

    joint: PortContract | None
    rows: tuple[Drift, ...]
    declared: int
    is_read: bool

    @property
    def shown(self) -> tuple[Drift, ...]:
        return self.rows[:MOST]

    @property
    def more(self) -> int:
        return max(0, len(self.rows) - MOST)


@register.simple_tag
def port_promise(port: OutputPort) -> PortPromise:
    """For the page of one port: a handful of queries."""
    joints = PortContract.objects.filter(port=port).select_related("version").defer("version__original")
    version, conformance = compared(port)
    rows = drift(conformance.comparisons) if version and conformance.declared_count else ()
    return PortPromise(joints.first(), rows, conformance.declared_count, version is not None)
