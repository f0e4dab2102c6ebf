"""A sample check in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import Sample, register_sample
from catalog.products.models import Lifecycle, OutputPort, Visibility
from catalog.products.samples import PORT_TIES, sample_product
from catalog.quality.models import QualityCheck


def _register(case: str, lifecycle: Lifecycle) -> None:
    def make(person: User, tie: str) -> QualityCheck:
        product = sample_product(person, tie, lifecycle, Visibility.MESH)
        return QualityCheck(pk=-1, name="a", port=OutputPort(pk=-1, name="a", product=product))

    register_sample(Sample("check", make, case, PORT_TIES))


_register("of a draft", Lifecycle.DRAFT)
_register("of an active product, everybody in the mesh", Lifecycle.ACTIVE)
