"""The tabs of a product page: a registry, so that a feature shows its own part without products knowing of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from catalog.accounts.models import User
from catalog.products.models import DataProduct
from catalog.products.permissions import can_edit_product


def everybody(_user: User, _product: DataProduct) -> bool:
    """For tabs that whoever sees the product may see."""
    return True


def uncounted(_product: DataProduct, _user: User) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab. `url_name` is reversed with `domain` and `slug`; `count` stands beside the label, None for nothing."""

    key: str
    label: str
    order: int
    url_name: str
    permission: Callable[[User, DataProduct], bool] = everybody
    count: Callable[[DataProduct, User], int | None] = uncounted


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab as one person sees it on one product."""

    key: str
    label: str
    url: str
    count: int | None


_tabs: dict[str, Tab] = {}


def register(tab: Tab) -> None:
    """Features call this at start-up (from a module named in `catalog/apps.py`); a key belongs to one tab."""
    if _tabs.get(tab.key, tab) != tab:
        raise ValueError(f"The tab {tab.key} is registered twice.")
    _tabs[tab.key] = tab


def tabs_for(product: DataProduct, user: User) -> list[ShownTab]:
    """The tabs `user` may open on `product`, in order; `product` needs its domain loaded."""
    kwargs = {"domain": product.domain.slug, "slug": product.slug}
    return [
        ShownTab(tab.key, tab.label, reverse(tab.url_name, kwargs=kwargs), tab.count(product, user))
        for tab in sorted(_tabs.values(), key=lambda tab: (tab.order, tab.key))
        if tab.permission(user, product)
    ]


def frame(product: DataProduct, active: str) -> dict[str, Any]:
    """What `catalog/products/frame.html`, the template around every tab, needs in its context."""
    return {"product": product, "tab": active}


register(Tab("overview", "Overview", 0, "products:detail"))
register(Tab("activity", "Activity", 80, "products:activity"))
register(Tab("settings", "Settings", 90, "products:edit", permission=can_edit_product))
