"""The page of one dataset."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.accounts.caller import caller
from lineage.datasets.page import dataset_page
from lineage.datasets.permissions import visible_assets


@require_safe
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """A dataset: which ports offer it, what events say of it, which jobs write and read it."""
    person = caller(request)
    asset = visible_assets(person).filter(pk=pk).first()
    if asset is None:
        raise Http404
    return render(request, "lineage/datasets/detail.html", {"found": dataset_page(person, asset)})
