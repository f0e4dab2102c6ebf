"""Who may see, make and change domains."""

from catalog.accounts import kernel
from catalog.accounts.models import Role, User
from catalog.accounts.rights import SAMPLE_TEAM, Sample, register_sample
from catalog.domains.models import Domain


def can_view_domain(user: User, domain: Domain) -> bool:
    """Every member of the mesh; others only domains of products they are in charge of."""
    return kernel.standing(user).is_member or Domain.objects.visible_to(user).filter(pk=domain.pk).exists()


def can_create_domain(user: User, parent: Domain | None) -> bool:
    """At the top: platform admins. Below a domain: its admins too."""
    return kernel.standing(user).has_role(parent.team_id if parent else None, Role.DOMAIN_ADMIN)


def can_edit_domain(user: User, domain: Domain) -> bool:
    """Admins of the domain's team (or above it), platform admins."""
    return kernel.standing(user).has_role(domain.team_id, Role.DOMAIN_ADMIN)


kernel.register("domain.view", can_view_domain)
kernel.register("domain.create", can_create_domain)
kernel.register("domain.edit", can_edit_domain)

register_sample(
    Sample("domain", lambda person, tie: Domain(pk=-1, name="A domain", slug="a-domain", team_id=SAMPLE_TEAM))
)
