"""Pages of jobs, and of what datasets are called: the unclaimed, other names, merges."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.errors import NotAllowed, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.products.claim import STATES, assets_of, claim_assets, set_ignored
from catalog.products.forms.claim import ClaimForm, SelectionForm
from lineage.datasets import merging
from lineage.datasets.forms import BindForm
from lineage.datasets.jobs import job_page, jobs_for
from lineage.datasets.models import DatasetAlias, DatasetMerge
from lineage.datasets.permissions import visible_assets, visible_jobs
from lineage.models import Run

VIEWS = {"unclaimed": "Unclaimed", "names": "Other names", "merges": "Merges"}
JOB_SORTS = {"name": "name", "namespace": "namespace", "state": "last_state", "last": "last_at"}
JOB_COLUMNS = ("id", "name", "namespace", "run_by", "last_state", "last_at", "removed_at")
SORTS = {
    "unclaimed": {
        "name": "name", "namespace": "namespace", "kind": "kind", "first": "first_seen_at", "seen": "last_seen_at",
    },
    "names": {"name": "name", "means": "asset__name", "kind": "kind", "since": "made_at"},
    "merges": {"goes": "gone__name", "stays": "kept__name", "state": "state", "proposed": "proposed_at"},
}  # fmt: skip
COLUMNS = {
    "unclaimed": ("id", "namespace", "name", "kind", "first_seen_at", "last_seen_at"),
    "names": ("namespace", "name", "of_namespace", "of_name", "kind", "author", "made_at", "note"),
    "merges": (
        "gone_namespace", "gone_name", "kept_namespace", "kept_name", "reason", "state", "decided_by", "decided_at",
    ),
}  # fmt: skip


@require_safe
def jobs(request: HttpRequest) -> HttpResponseBase:
    """Jobs that were seen reading and writing data, with the state of the last run."""
    person = caller(request)
    asked = {
        name: request.GET.get(name, "")[:400].replace("\x00", "") for name in ("q", "state", "namespace")
    }
    rows = sorted_by(request, jobs_for(person, **asked), JOB_SORTS, "")
    if request.GET.get("format") == "csv":
        lines = (
            (row.pk, row.name, row.namespace, row.integration, row.last_state, row.last_at, row.removed_at)
            for row in rows.iterator(chunk_size=500)
        )
        return csv_response("jobs.csv", JOB_COLUMNS, lines)
    page = page_of(request, rows)
    context = {
        "page": page,
        "asked": asked,
        "states": Run.State.choices,
        "is_filtered": any(asked.values()),
        "may_sort": kernel.can(person, "dataset.view_quarantine"),
    }
    return render(request, "lineage/jobs/list.html", context)


@require_safe
def job(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A job: how its runs went and how long they took, what it reads and writes."""
    person = caller(request)
    row = visible_jobs(person).select_related("parent").filter(pk=pk).first()
    if row is None:
        raise Http404
    return render(request, "lineage/jobs/detail.html", {"found": job_page(person, row), "job": row})


def datasets(request: HttpRequest) -> HttpResponseBase:
    """Datasets that only machines told of, other names of datasets, and merges; POST claims or ignores ticked ones."""
    person = _allowed(request)
    if request.method == "POST":
        return _claim(request, person)
    if request.GET.get("format") == "csv":
        view, _, _, rows = _asked(request, person)
        return csv_response(f"datasets-{view}.csv", COLUMNS[view], _csv_rows(view, rows))
    return _page(request, person, ClaimForm(person, None), BindForm())


@require_POST
def bind(request: HttpRequest) -> HttpResponseBase:
    """Say that a name means a dataset."""
    person = _allowed(request)
    form = BindForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            asset = merging.find_asset(person, data["of_namespace"], data["of_name"])
            merging.bind_name(
                actor=person, namespace=data["namespace"], name=data["name"], asset=asset, note=data["note"]
            )
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, f"{data['name']} means {asset.name} from now on.")
            return _back("names")
    return _page(request, person, ClaimForm(person, None), form, view="names")


@require_POST
def unbind(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take another name back."""
    person = _allowed(request)
    row = _aliases(person).filter(pk=pk).first()
    if row is None:
        raise Http404
    merging.undo_alias(actor=person, alias=row)
    messages.success(request, f"{row.name} does not mean this dataset any more.")
    return _back("names")


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Merge what is proposed, decline it, or undo a merge, by `action`."""
    person = _allowed(request)
    row = _merges(person).filter(pk=pk).first()
    if row is None:
        raise Http404
    action = request.POST.get("action")
    if action == "merge":
        merging.merge_datasets(
            actor=person, kept=row.kept, gone=row.gone, reason=DatasetMerge.Reason(row.reason)
        )
        messages.success(request, "Both names mean one dataset now.")
    elif action == "decline":
        merging.decline_merge(actor=person, merge=row)
        messages.success(request, "They stay two. This is not proposed again.")
    elif action == "undo":
        merging.undo_merge(actor=person, merge=row)
        messages.success(request, "They are two again, each with what it had.")
    else:
        messages.error(request, "Nothing was chosen, so nothing was changed.")
    return _back("merges")


def _allowed(request: HttpRequest) -> User:
    person = caller(request)
    if not kernel.can(person, "dataset.view_quarantine"):
        raise NotAllowed("You may not sort datasets.", remedy="Ask an owner or steward of a product.")
    return person


def _back(view: str) -> HttpResponse:
    response = redirect("lineage:datasets")
    response["Location"] += f"?view={view}"
    return response


def _claim(request: HttpRequest, person: User) -> HttpResponseBase:
    action = request.POST.get("action")
    if action in ("ignore", "notice"):
        ticked = SelectionForm(None, request.POST)
        if ticked.is_valid():
            count = set_ignored(
                actor=person,
                connection=None,
                assets=ticked.cleaned_data["assets"],
                is_ignored=action == "ignore",
            )
            messages.success(
                request, f"{count} {'ignored from now on' if action == 'ignore' else 'shown again'}."
            )
        else:
            messages.error(request, "Nothing was ticked, so nothing was changed.")
        return _back("unclaimed")
    form = ClaimForm(person, None, request.POST)
    if form.is_valid():
        try:
            ports = claim_assets(
                actor=person, connection=None, assets=list(form.cleaned_data["assets"]), product=form.target
            )
        except PortalError as error:
            show_on_form(form, error)
        else:
            product = ports[0].product
            made = "One port is" if len(ports) == 1 else f"{len(ports)} ports are"
            messages.success(
                request, f"{made} made. No connection reads them yet: events fill their lineage."
            )
            return redirect("products:detail", domain=product.domain.slug, slug=product.slug)
    return _page(request, person, form, BindForm())


def _page(
    request: HttpRequest, person: User, claim: ClaimForm, bind_form: BindForm, *, view: str = ""
) -> HttpResponseBase:
    view, state, q, rows = _asked(request, person, view)
    waiting = _merges(person).filter(state=DatasetMerge.State.PROPOSED).count()
    context = {
        "page": Paginator(rows, 50).page(1) if request.method == "POST" else page_of(request, rows),
        "view": view,
        "views": [(key, label, waiting if key == "merges" else 0) for key, label in VIEWS.items()],
        "state": state,
        "states": [(key, label) for key, label in STATES.items() if key in ("unclaimed", "ignored")],
        "q": q,
        "form": claim,
        "bind_form": bind_form,
        "ticked": set(request.POST.getlist("assets")),
        "may_claim": kernel.can(person, "dataset.claim"),
    }
    return render(request, "lineage/datasets/index.html", context)


def _asked(request: HttpRequest, person: User, view: str = "") -> tuple[str, str, str, Any]:
    """Which view, state and words the address asks for, and the rows in its order."""
    asked = request.GET.get("view", "")
    view = view or (asked if asked in VIEWS else "unclaimed")
    state = request.GET.get("state", "unclaimed")
    state = state if state in STATES else "unclaimed"
    q = request.GET.get("q", "")[:200].replace("\x00", "")
    rows: Any
    if view == "names":
        rows = _aliases(person).filter(Q(name__icontains=q) | Q(asset__name__icontains=q))
    elif view == "merges":
        rows = _merges(person)
    else:
        rows = assets_of(None, state=state, q=q).filter(pk__in=visible_assets(person).values("pk"))
        rows = rows.order_by("namespace", "name", "pk")
    return view, state, q, rows if request.method == "POST" else sorted_by(request, rows, SORTS[view], "")


def _csv_rows(view: str, rows: Any) -> Iterator[tuple[Any, ...]]:
    for row in rows.iterator(chunk_size=500):
        if view == "names":
            means, author = row.asset, row.author.name if row.author else ""
            yield (
                row.namespace,
                row.name,
                means.namespace,
                means.name,
                row.kind,
                author,
                row.made_at,
                row.note,
            )
        elif view == "merges":
            gone, kept, who = row.gone, row.kept, row.decided_by.name if row.decided_by else ""
            yield (
                gone.namespace, gone.name, kept.namespace, kept.name, row.reason, row.state, who, row.decided_at,
            )  # fmt: skip
        else:
            yield row.pk, row.namespace, row.name, row.kind, row.first_seen_at, row.last_seen_at


def _aliases(person: User) -> Any:
    seen = visible_assets(person).order_by().values("pk")
    return DatasetAlias.objects.in_force().filter(asset__in=seen).select_related("asset", "author")


def _merges(person: User) -> Any:
    """Merges and proposals whose kept dataset the person may know of, and the other too while it is on its own."""
    seen = visible_assets(person).order_by().values("pk")
    whole = Q(state=DatasetMerge.State.DONE) | Q(gone__in=seen)
    rows = DatasetMerge.objects.filter(whole, kept__in=seen).select_related("kept", "gone", "decided_by")
    counted = rows.annotate(
        columns=Count("gone__lineage_columns", distinct=True), names=Count("gone__aliases", distinct=True)
    )
    return counted.order_by("-state", "-proposed_at", "-pk")
