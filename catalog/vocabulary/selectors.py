"""Reads of the vocabulary."""

from django.db.models import Count, Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.vocabulary.models import Classification, Tag


def tags_with_counts(user: User) -> QuerySet[Tag]:
    """The tags `user` may see, each with the number of products it is on as far as the user sees them."""
    seen = Q(products__isnull=False)
    if not kernel.standing(user).sees_everything:
        seen = kernel.audience_filter(user, prefix="products__")
    return Tag.objects.visible_to(user).annotate(product_count=Count("products", filter=seen, distinct=True))


def classifications_with_counts(user: User) -> QuerySet[Classification]:
    """Every classification with the number of products the user sees it on."""
    seen = Q(products__isnull=False)
    if not kernel.standing(user).sees_everything:
        seen = kernel.audience_filter(user, prefix="products__")
    return Classification.objects.visible_to(user).annotate(
        product_count=Count("products", filter=seen, distinct=True)
    )
