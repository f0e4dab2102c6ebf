"""What the frame around a product shows of the conversation."""

from django import template

from catalog.discussions.models import Announcement
from catalog.discussions.selectors import announcements_of
from catalog.products.models import DataProduct

register = template.Library()


@register.simple_tag
def product_announcements(product: DataProduct) -> list[Announcement]:
    """What the owners tell now; one query."""
    return announcements_of(product)
