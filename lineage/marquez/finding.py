"""From what a client names to rows it may know of. What is not there and what is hidden are answered alike."""

from collections.abc import Iterable

from catalog.accounts.models import User
from catalog.assets.models import Asset
from lineage.datasets.finding import resolved
from lineage.datasets.naming import DatasetName, fitted
from lineage.datasets.permissions import visible_assets, visible_jobs
from lineage.models import Job
from lineage.openlineage.names import fitting


def datasets(user: User, names: Iterable[DatasetName]) -> dict[DatasetName, Asset]:
    """The assets of those names that are known by any of their names and that the person may know of."""
    stored = {name: fitted(name) for name in names}
    found, _ = resolved(set(stored.values()), is_reading=True)
    assets = visible_assets(user).in_bulk(set(found.values()))
    return {name: assets[found[short]] for name, short in stored.items() if found.get(short) in assets}


def jobs(user: User, names: Iterable[DatasetName]) -> dict[DatasetName, Job]:
    """The jobs of those names that the person may know of."""
    stored = {name: (fitting(name.namespace), fitting(name.name)) for name in names}
    rows = visible_jobs(user).filter(
        namespace__in={key[0] for key in stored.values()}, name__in={key[1] for key in stored.values()}
    )
    found = {(job.namespace, job.name): job for job in rows.select_related("parent")}
    return {name: found[key] for name, key in stored.items() if key in found}
