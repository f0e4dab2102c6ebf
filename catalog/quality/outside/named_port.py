"""The port somebody names for results that do not say it: `domain/product/port`, with or without its version."""

from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.products.models import OutputPort


def find_port(actor: User | None, named: str) -> OutputPort:
    """Raises Invalid for words that name no port, NotFound where it is not there, not visible, or several."""
    parts = [part for part in named.strip().split("/") if part]
    if len(parts) not in (3, 4):
        words = "Use domain/product/port, or domain/product/port/version."
        raise Invalid("The port is not named rightly.", problems=[Problem("port", "format", words)])
    ports = OutputPort.objects.all() if actor is None else OutputPort.objects.visible_to(actor)
    same = ports.filter(product__domain__slug=parts[0], product__slug=parts[1], name=parts[2])
    found = list(same.select_related("product__domain")[:2] if len(parts) == 3 else
                 same.filter(version=parts[3]).select_related("product__domain"))  # fmt: skip
    if not found:
        raise NotFound("There is no such port, or you may not see it.")
    if len(found) > 1:
        raise Invalid(
            "The port has several versions.", remedy="Name the one that was measured.",
            problems=[Problem("port", "ambiguous", f"{named} has several versions; add one.")],
        )  # fmt: skip
    return found[0]
