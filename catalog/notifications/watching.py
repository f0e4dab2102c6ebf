"""What can be watched, as pages and the API name it: a target and a key, found with the eyes of who asks."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.common.prepared import Prepared
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm
from catalog.notifications import searches, services
from catalog.notifications.models import Subscription
from catalog.products.models import DataProduct

Target = Subscription.Target


@dataclass(frozen=True, slots=True)
class Watchable:
    """Something of a page; `key` is `domain/slug`, a domain's or a term's slug, or the parameters of a search."""

    target: str
    key: str

    def subscription_of(self, user: User) -> Subscription | None:
        """The person's subscription of it, if they watch it."""
        mine = Subscription.objects.filter(user=user, target=self.target)
        if self.target == Target.PRODUCT:
            domain, _, slug = self.key.partition("/")
            return mine.filter(product__domain__slug=domain, product__slug=slug).first()
        if self.target == Target.DOMAIN:
            return mine.filter(domain__slug=self.key).first()
        if self.target == Target.TERM:
            return mine.filter(term__slug=self.key).first()
        try:
            found = _OF_SEARCHES.rows(user.pk, searches.canonical(QueryDict(self.key)))
        except Invalid:
            return None
        return mine.filter(pk=found[0][0]).first() if found else None

    def watch(self, user: User) -> Subscription:
        """Watch it. Raises NotFound, Invalid for what cannot be watched, Conflict."""
        if self.target == Target.PRODUCT:
            domain, _, slug = self.key.partition("/")
            products = DataProduct.objects.visible_to(user).select_related("domain", "team")
            product = products.prefetch_related("stewardships").filter(domain__slug=domain, slug=slug).first()
            if product is None:
                raise NotFound("There is no such product, or you may not see it.")
            return services.watch_product(actor=user, product=product)
        if self.target == Target.DOMAIN:
            found: Domain | None = Domain.objects.visible_to(user).filter(slug=self.key).first()
            if found is None:
                raise NotFound("There is no such domain, or you may not see it.")
            return services.watch_domain(actor=user, domain=found)
        if self.target == Target.TERM:
            term = (
                GlossaryTerm.objects.visible_to(user).select_related("domain").filter(slug=self.key).first()
            )
            if term is None:
                raise NotFound("There is no such term, or you may not read it.")
            return services.watch_term(actor=user, term=term)
        if self.target == Target.SEARCH:
            return services.watch_search(actor=user, query=self.key)
        problem = Problem("target", "choice", f"Watch one of {', '.join(Target.values)}.")
        raise Invalid(problem.message, kept="Nothing is watched.", problems=[problem])

    def unwatch(self, user: User) -> None:
        """Stop watching it; not having watched it is no mistake."""
        found = self.subscription_of(user)
        if found is not None:
            services.unwatch(actor=user, subscription_id=found.pk)


def _of_searches(user_id: int, query: str) -> Any:
    rows = Subscription.objects.filter(user_id=user_id, target=Target.SEARCH, query=query)
    return rows.order_by().values_list("pk")


_OF_SEARCHES: Final = Prepared(Subscription, _of_searches)  # asked with every page of results


def button_of(item: Watchable, *, is_watched: bool, back: str, says: str = "") -> dict[str, Any]:
    """What `watch_button.html` shows; `back` is the page it stands on."""
    return {
        "id": "watch",
        "target": item.target,
        "key": item.key,
        "is_watched": is_watched,
        "next": back,
        "says": says,
        "label": "Watch this search" if item.target == Target.SEARCH else "Watch",
    }
