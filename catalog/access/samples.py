"""Samples of agreements, stages and rules in memory, from which the table of rights is computed."""

from catalog.access.models import AccessRequest, Agreement, ApprovalRule, Approvers, RequestStage
from catalog.accounts.models import Team, User
from catalog.accounts.rights import SAMPLE_TEAM, Sample, register_sample
from catalog.domains.models import Domain
from catalog.products.models import Lifecycle, OutputPort, Visibility
from catalog.products.samples import PORT_TIES, sample_product
from catalog.vocabulary.models import Classification

CONSUMER = "consumer"
OTHER = -9  # whose team and product play no part


def _port(person: User, tie: str) -> OutputPort:
    product = sample_product(person, tie, Lifecycle.ACTIVE, Visibility.MESH)
    nowhere = "zzzz"  # a place in the tree of teams where nobody has a role
    product.team = Team(pk=SAMPLE_TEAM, name="A team", slug="a-team", path=nowhere)
    product.domain.team = product.team
    return OutputPort(pk=-1, name="a", product=product)


def sample_agreement(person: User, tie: str) -> Agreement:
    """A person's agreement on a port of the sample team; with the tie `consumer` it is that of `person`."""
    consumer = person if tie == CONSUMER else User(pk=OTHER, username="another")
    return Agreement(pk=-1, port=_port(person, "" if tie == CONSUMER else tie), user=consumer)


def _stage(person: User, tie: str) -> RequestStage:
    asked = AccessRequest(pk=-1, agreement=sample_agreement(person, tie), requested_by_id=OTHER)
    return RequestStage(pk=-1, request=asked, name="Owners", approvers=Approvers.OWNERS)


def _port_rule(person: User, tie: str) -> ApprovalRule:
    return ApprovalRule(pk=-1, name="A rule", port=_port(person, tie))


def _domain_rule(person: User, tie: str) -> ApprovalRule:
    return ApprovalRule(
        pk=-1, name="A rule", domain=Domain(pk=-1, name="A domain", slug="a", team_id=SAMPLE_TEAM)
    )


def _mesh_rule(person: User, tie: str) -> ApprovalRule:
    return ApprovalRule(pk=-1, name="A rule", classification=Classification(pk=-1, name="Personal"))


TIES = {**PORT_TIES, CONSUMER: "its consumer"}
register_sample(Sample("agreement", sample_agreement, ties=TIES))
register_sample(Sample("stage", _stage, ties=PORT_TIES))
register_sample(Sample("rule", _port_rule, "of a port", PORT_TIES))
register_sample(Sample("rule", _domain_rule, "of a domain"))
register_sample(Sample("rule", _mesh_rule, "of a classification, a purpose or the mesh"))
