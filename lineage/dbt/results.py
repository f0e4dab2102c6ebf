"""Results of a project's tests and of its sources' freshness, which go the way results of dbt always go."""

from datetime import datetime

from django.db import transaction

from catalog.accounts.models import User
from catalog.common.errors import PortalError
from catalog.quality.outside import dbt
from catalog.quality.outside.services import take_results
from lineage.dbt.artifacts import Artifacts


def take_all_results(
    actor: User | None, artifacts: Artifacts, now: datetime
) -> tuple[int, list[dict[str, str]]]:
    """Record what can be placed on ports; returns how many, and why others could not be."""
    count = 0
    problems: list[dict[str, str]] = []
    for name, data, reads in (
        ("run_results.json", artifacts.run_results, dbt.read_run_results),
        ("sources.json", artifacts.sources, dbt.read_sources),
    ):
        if not data:
            continue
        reading = reads(data, artifacts.manifest)
        if not reading.findings:
            continue
        try:
            with transaction.atomic():
                taken = take_results(actor=actor, reading=reading, name=name, now=now)
            count += taken.results
            found = list(taken.problems)
        except PortalError as error:
            found = list(error.problems[:20])
            words = f"No result was taken: {error.message}"
            problems.append({"path": name, "rule": "results", "message": words, "severity": "info"})
        problems += [{**problem.as_dict(), "path": f"{name} {problem.path}"} for problem in found]
    return count, problems
