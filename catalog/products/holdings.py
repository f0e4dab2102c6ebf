"""Stewardships as holdings: the products in a person's charge, and how they are handed over."""

from collections.abc import Collection

from django.urls import NoReverseMatch, reverse

from catalog.accounts import holdings
from catalog.accounts.holdings import Holding
from catalog.accounts.models import User
from catalog.common.concurrency import bump_revision
from catalog.products.models import DataProduct, Stewardship
from catalog.products.services.writing import announce_product, record_product


class StewardshipHoldings:
    """One holding per stewardship."""

    kind = "stewardship"
    title = "Products in their charge"

    def held_by(self, person: User, viewer: User) -> list[Holding]:
        items = (
            Stewardship.objects.filter(
                user=person, product__in=DataProduct.objects.visible_to(viewer).order_by()
            )
            .select_related("product__domain")
            .order_by("product__name", "role")
        )
        return [
            Holding(
                f"{self.kind}:{item.pk}",
                self.kind,
                item.product.name,
                item.get_role_display(),
                _url_of(item.product),
            )
            for item in items
        ]

    def already_held(self, keys: Collection[str], receiver: User) -> set[str]:
        held = set(Stewardship.objects.filter(user=receiver).values_list("product_id", "role"))
        return {f"{self.kind}:{item.pk}" for item in _chosen(keys) if (item.product_id, item.role) in held}

    def hand_over(self, *, actor: User | None, keys: Collection[str], person: User, receiver: User) -> int:
        chosen = [item for item in _chosen(keys) if item.user_id == person.pk]
        for item in chosen:
            product = DataProduct.objects.select_related("domain", "team").get(pk=item.product_id)
            bump_revision(product, None)
            Stewardship.objects.get_or_create(product=product, user=receiver, role=item.role)
            Stewardship.objects.filter(pk=item.pk).delete()
            changes = {item.role: [person.username, receiver.username]}
            record_product(actor, "product.handed_over", product, changes)
            announce_product(product)
        return len(chosen)

    def named_before(self, viewer: User, people: Collection[int]) -> set[int]:
        visible = DataProduct.objects.visible_to(viewer).order_by()
        named = Stewardship.objects.filter(user_id__in=people, product__in=visible)
        return set(named.order_by().values_list("user_id", flat=True))


def _chosen(keys: Collection[str]) -> list[Stewardship]:
    ids = [
        int(number)
        for kind, _, number in (key.partition(":") for key in keys)
        if kind == "stewardship" and number.isascii() and number.isdigit() and len(number) < 19
    ]
    return list(Stewardship.objects.filter(pk__in=ids).select_related("product__domain"))


def _url_of(product: DataProduct) -> str:
    try:
        return reverse("products:detail", args=[product.domain.slug, product.slug])
    except NoReverseMatch:
        return f"/products/{product.key}/"


holdings.register(StewardshipHoldings())
