"""Finding a domain by its address, or by one it had before."""

from dataclasses import dataclass

from catalog.accounts.models import User
from catalog.common.errors import NotFound
from catalog.common.models import OldAddress
from catalog.domains.models import Domain


@dataclass
class DomainMoved(Exception):
    """The address was right once; `domain` has another now."""

    domain: Domain


def find_domain(user: User, slug: str) -> Domain:
    """The domain at `slug` as `user` may see it. Raises DomainMoved when it has another address, else NotFound."""
    visible = Domain.objects.visible_to(user).select_related("team")
    found: Domain | None = visible.filter(slug=slug).first()
    if found is not None:
        return found
    old = OldAddress.objects.filter(kind=OldAddress.Kind.DOMAIN, address=slug).first()
    moved: Domain | None = visible.filter(pk=old.target_id).first() if old else None
    if moved is not None:
        raise DomainMoved(moved)
    raise NotFound("There is no such domain, or you may not see it.")
