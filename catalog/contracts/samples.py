"""A sample contract in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import Sample, register_sample
from catalog.contracts.models import DataContract
from catalog.products.models import Lifecycle, Visibility
from catalog.products.samples import TIES, sample_product


def sample_contract(person: User, tie: str) -> DataContract:
    """A contract of an active product of the sample team."""
    product = sample_product(person, tie, Lifecycle.ACTIVE, Visibility.MESH)
    return DataContract(pk=-1, key="a", product=product)


register_sample(Sample("contract", sample_contract, ties=TIES))
