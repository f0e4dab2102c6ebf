"""A sample incident in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import Sample, register_sample
from catalog.incidents.models import Incident
from catalog.products.models import Lifecycle, Visibility
from catalog.products.samples import PORT_TIES, sample_product

ASSIGNEE = "assignee"
TIES = {**PORT_TIES, ASSIGNEE: "whoever it is assigned to, if they may see the product"}


def _register(case: str, lifecycle: Lifecycle) -> None:
    def make(person: User, tie: str) -> Incident:
        product = sample_product(person, "" if tie == ASSIGNEE else tie, lifecycle, Visibility.MESH)
        assignee_id = person.pk if tie == ASSIGNEE else None
        return Incident(pk=-1, title="a", product=product, assignee_id=assignee_id)

    register_sample(Sample("incident", make, case, TIES))


_register("of a draft", Lifecycle.DRAFT)
_register("of an active product, everybody in the mesh", Lifecycle.ACTIVE)
