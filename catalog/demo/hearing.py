"""What people of the demo hear: the consumer watches a few things, and what stands badly is told of."""

import datetime as dt

from catalog.accounts.models import User
from catalog.domains.models import Domain
from catalog.notifications import objectives, services
from catalog.notifications.models import Notice
from catalog.notifications.telling import tell
from catalog.products.models import DataProduct
from catalog.slos.evaluate import Alert, Status
from catalog.slos.models import ServiceLevelObjective

WATCHER, PRODUCT, DOMAIN, SEARCH = "consumer", "play-events", "charts", "q=listeners"


def watch_some() -> None:
    """One of each kind, when the demo is made; what somebody stops watching afterwards stays so."""
    person = User.objects.filter(username=WATCHER).first()
    product = DataProduct.objects.filter(is_demo=True, slug=PRODUCT).select_related("domain").first()
    domain = Domain.objects.filter(slug=DOMAIN).first()
    if person is None:
        return
    if product is not None:
        services.watch_product(actor=person, product=product)
    if domain is not None:
        services.watch_domain(actor=person, domain=domain)
    services.watch_search(actor=person, query=SEARCH)


def tell_of_objectives(now: dt.datetime) -> None:
    """The past was replayed with promises made today: what turned in it was told to nobody, so its end is."""
    slos = ServiceLevelObjective.objects.active().filter(port__product__is_demo=True)
    drafts = []
    for slo in slos.select_related("state", "port__product").order_by("pk"):
        what = _what(slo)
        if what and not Notice.objects.filter(key__startswith=f"slo:{slo.pk}:").exists():
            drafts.append(objectives.draft_of(slo, what, now))
    tell(drafts, now=now)


def _what(slo: ServiceLevelObjective) -> str:
    if slo.state.status == Status.BAD:
        return objectives.MISSED
    return {Alert.PAGE.value: objectives.PAGE, Alert.TICKET.value: objectives.TICKET}.get(slo.state.alert, "")
