"""Who may see and ask for crawls."""

from django.db.models import Q

from catalog.accounts import kernel
from catalog.accounts.kernel import audience_filter, standing
from catalog.accounts.models import Role, User
from catalog.connections.models import Connection
from catalog.crawling.models import CrawlRun
from catalog.products.models import OutputPort
from catalog.products.permissions import can_edit_product, can_view_product

RUNNING_ROLES = (Role.STEWARD, Role.TECHNICAL_OWNER, Role.BUSINESS_OWNER, Role.DOMAIN_ADMIN)


def can_crawl_connection(user: User, connection: Connection) -> bool:
    """Whoever runs the store: owners, stewards and domain admins of its team, platform admins."""
    return standing(user).has_role(connection.team_id, *RUNNING_ROLES)


def can_crawl_port(user: User, port: OutputPort) -> bool:
    """Whoever may edit the product, and whoever runs the store the port is in."""
    if can_edit_product(user, port.product):
        return True
    return (
        port.connection is not None
        and can_view_product(user, port.product)
        and can_crawl_connection(user, port.connection)
    )


def can_view_run(user: User, run: CrawlRun) -> bool:
    """The people of the store's team see all of it; who may see a product sees the runs of its ports."""
    who = standing(user)
    if who.sees_everything or run.connection.team_id in who.team_ids:
        return True
    return run.port is not None and can_view_product(user, run.port.product)


def visible_runs(user: User) -> Q:
    """The same as a condition on runs."""
    who = standing(user)
    if who.user_id is None:
        return Q(pk__in=[])
    if who.sees_everything:
        return Q()
    products = audience_filter(user, prefix="port__product__")
    return Q(connection__team_id__in=who.team_ids) | (Q(port__isnull=False) & products)


kernel.register("connection.crawl", can_crawl_connection)
kernel.register("port.crawl", can_crawl_port)
kernel.register("run.view", can_view_run)
