"""Samples of terms in memory, from which the table of rights is computed."""

from catalog.accounts.models import User
from catalog.accounts.rights import SAMPLE_TEAM, Sample, register_sample
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm

State = GlossaryTerm.State


def _register(case: str, state: State, *, is_of_a_domain: bool) -> None:
    def make(person: User, tie: str) -> GlossaryTerm:
        domain = Domain(pk=-1, name="A domain", slug="a-domain", team_id=SAMPLE_TEAM)
        return GlossaryTerm(
            pk=-1,
            name="A term",
            slug="a-term",
            state=state,
            domain=domain if is_of_a_domain else None,
        )

    register_sample(Sample("term", make, case))


_register("of the mesh, approved", State.APPROVED, is_of_a_domain=False)
_register("of the mesh, draft", State.DRAFT, is_of_a_domain=False)
_register("of a domain, approved", State.APPROVED, is_of_a_domain=True)
_register("of a domain, draft", State.DRAFT, is_of_a_domain=True)
