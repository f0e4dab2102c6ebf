"""Samples of datasets in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import Sample, register_sample
from catalog.assets.models import Asset
from catalog.products.samples import sample_connection


def _crawled(person: User, tie: str) -> Asset:
    """A table in a store of the sample team that no port offers."""
    return Asset(pk=-1, namespace="a", name="a", connection=sample_connection(person, tie))


def _quarantined(person: User, tie: str) -> Asset:
    """A dataset only events told of."""
    return Asset(pk=-1, namespace="a", name="a", connection=None)


register_sample(Sample("asset", _crawled, "in a store"))
register_sample(Sample("asset", _quarantined, "in quarantine"))
