"""What is in a store can be taken back only where it was given: ports stay there while something may be left."""

from catalog.access.models import Agreement
from catalog.access.states import MAY_BE_THERE
from catalog.common.errors import Conflict
from catalog.products import moving
from catalog.products.models import OutputPort


def keep_in_place(port: OutputPort) -> None:
    """Raises Conflict while an agreement of the port may have left something in the store.

    The rows are locked, so that no worker begins to grant in the old place meanwhile.
    """
    rows = Agreement.objects.select_for_update(of=("self",)).filter(port=port).order_by("pk")
    there = sum(state in MAY_BE_THERE for state in rows.values_list("provisioning", flat=True))
    if there:
        agreements = "1 agreement" if there == 1 else f"{there} agreements"
        raise Conflict(
            f"Access by {agreements} may be in the store where {port} is now, and could not be removed there any more "
            "if the port were tied to another asset, connection or environment.",
            kept="Nothing was saved.",
            remedy="Publish a new version of the port beside it, or end those agreements and have them removed first.",
        )


moving.register("access agreements", keep_in_place)
