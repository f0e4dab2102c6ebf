"""Samples of questions in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import Sample, register_sample
from catalog.discussions.models import Question
from catalog.products.models import Lifecycle, Visibility
from catalog.products.samples import PORT_TIES, sample_product

AUTHOR = "author"
OTHER = -9  # who has no part in it


def _question(person: User, tie: str) -> Question:
    """A question at a product; with the tie `author` it was asked by `person`."""
    product = sample_product(person, "" if tie == AUTHOR else tie, Lifecycle.ACTIVE, Visibility.MESH)
    return Question(
        pk=-1, product=product, author_id=person.pk if tie == AUTHOR else OTHER, title="A question"
    )


register_sample(Sample("question", _question, ties={**PORT_TIES, AUTHOR: "its author"}))
