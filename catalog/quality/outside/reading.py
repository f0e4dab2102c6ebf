"""Which tool wrote a file of results, found by its content (or named), and what it says. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.common.errors import Invalid, Problem
from catalog.quality.outside import contract_runs, dbt, great_expectations, soda
from catalog.quality.outside.documents import read_results
from catalog.quality.outside.findings import Reading


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file; `reads` gets dbt's manifest too, where one came along."""

    name: str
    label: str
    fits: Callable[[Any], bool]
    reads: Callable[[Any, Mapping[str, Any] | None], Reading]


FORMATS = (
    Format("dbt", "dbt run_results.json", dbt.is_run_results, dbt.read_run_results),
    Format("dbt-sources", "dbt sources.json", dbt.is_sources, dbt.read_sources),
    Format("soda", "Soda scan results", soda.is_scan, lambda data, _: soda.read_scan(data)),
    Format("contract", "datacontract-cli or ODCS results", contract_runs.is_contract_run,
           lambda data, _: contract_runs.read_contract_run(data)),
    Format("great-expectations", "Great Expectations validation results", great_expectations.is_validation,
           lambda data, _: great_expectations.read_validation(data)),
)  # fmt: skip
NAMES = tuple(form.name for form in FORMATS)


def read_files(files: Sequence[tuple[str, bytes]], form: str = "") -> list[tuple[str, Reading]]:
    """Every file of results with its name; a manifest of dbt among them belongs to dbt's results.

    Raises Invalid for a file nobody can read, of no known kind, or not of the kind that was named.
    """
    loaded = [(name, read_results(raw, name)) for name, raw in files]
    manifest = next((data for _, data in loaded if dbt.is_manifest(data)), None)
    rest = [(name, data) for name, data in loaded if not dbt.is_manifest(data)]
    if not rest:
        raise _unknown("A manifest alone holds no results; send run_results.json with it.")
    return [(name, read_data(data, form, manifest)) for name, data in rest]


def read_data(data: Any, form: str = "", manifest: Mapping[str, Any] | None = None) -> Reading:
    """The results in the data of one file."""
    if form and form not in NAMES:
        raise Invalid(
            "That kind of file is not known here.",
            problems=[Problem("kind", "choice", f"Use one of {', '.join(NAMES)}.")],
        )
    for known in FORMATS:
        if form in ("", known.name) and known.fits(data):
            return known.reads(data, manifest)
    raise _unknown(f"It is no {next(item.label for item in FORMATS if item.name == form)}." if form else "")


def _unknown(words: str) -> Invalid:
    known = ", ".join(item.label for item in FORMATS)
    message = words or f"No tool the portal knows writes files like this. Known are {known}."
    return Invalid(
        "There are no results to take.",
        "Nothing was stored.",
        problems=[Problem("$", "unknown-kind", message)],
    )
