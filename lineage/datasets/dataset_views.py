"""The page of one dataset, and whom its owners believe about it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.common.errors import Conflict, Invalid, NotAllowed
from lineage.datasets.page import dataset_page
from lineage.datasets.permissions import visible_assets
from lineage.edges.rejecting import believe_again, reject_sender
from lineage.models import SenderRejection


@require_safe
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """A dataset: which ports offer it, what events say of it, which jobs write and read it, who told of it."""
    person = caller(request)
    return render(
        request, "lineage/datasets/detail.html", {"found": dataset_page(person, _asset(person, pk))}
    )


@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that what a sender tells of the dataset is not to be believed."""
    person = caller(request)
    asset = _asset(person, pk)
    if not kernel.can(person, "lineage.reject_sender", asset):
        raise NotAllowed("You may not say who is believed about this dataset.", remedy="Ask its owners.")
    name = request.POST.get("sender", "")[:200].replace("\x00", "")
    sender = User.objects.visible_to(person).filter(username=name).first()
    if sender is None:
        messages.error(request, "There is nobody of that name.")
        return redirect("lineage:dataset", pk)
    try:
        row = reject_sender(
            actor=person,
            asset=asset,
            sender=sender,
            reason=request.POST.get("reason", "").replace("\x00", ""),
        )
    except (Conflict, Invalid) as error:
        messages.error(request, error.problems[0].message if error.problems else str(error))
    else:
        words = (
            f"What {sender} tells of this dataset is not believed: {len(row.edges_ended)} edges have ended."
        )
        messages.success(request, words)
    return redirect("lineage:dataset", pk)


@require_POST
def believe(request: HttpRequest, pk: int, rejection: int) -> HttpResponse:
    """Believe a sender again."""
    person = caller(request)
    asset = _asset(person, pk)
    row = SenderRejection.objects.select_related("asset", "sender").filter(asset=asset, pk=rejection).first()
    if row is None:
        raise Http404
    try:
        believe_again(actor=person, rejection=row)
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, f"{row.sender} is believed again. What they sent meanwhile is not read again."
        )
    return redirect("lineage:dataset", pk)


def _asset(person: User, pk: int) -> Asset:
    asset = visible_assets(person).filter(pk=pk).first()
    if asset is None:
        raise Http404
    return asset
