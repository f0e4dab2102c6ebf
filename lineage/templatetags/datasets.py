"""What pages of products show of the dataset behind a port."""

from typing import Any

from django import template

from catalog.products.models import OutputPort
from lineage.datasets.page import facts_of_port

register = template.Library()


@register.inclusion_tag("lineage/datasets/port.html")
def dataset_of_port(port: OutputPort) -> dict[str, Any]:
    """What events say of the data a port offers, and the way to its page; nothing for a port without data."""
    return {"port": port, "facts": facts_of_port(port)}
