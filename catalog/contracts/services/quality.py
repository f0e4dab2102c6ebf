"""Checks of a port that follow the quality rules of its contract."""

from catalog.contracts import odcs
from catalog.contracts.quality_rules import checks_of
from catalog.contracts.results import Session
from catalog.products.models import OutputPort
from catalog.quality.declaring import declare_checks
from catalog.quality.models import QualityCheck


def follow_quality(session: Session, port: OutputPort, contract: odcs.Contract) -> None:
    """Ask what the contract asks, change what it changed, end what it no longer says."""
    declared = checks_of(contract, port.name)
    if not declared and not port.checks.filter(source=QualityCheck.Source.CONTRACT).exists():
        return
    declare_checks(
        actor=session.actor,
        port=port,
        source=QualityCheck.Source.CONTRACT,
        declared=declared,
        ends_others=True,
        reason=f"Imported from {session.path}",
    )
