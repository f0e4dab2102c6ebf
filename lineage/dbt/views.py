"""Pages of dbt: imports with what came of each, a form to send artifacts, and the nodes of a project."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid
from catalog.common.lists import page_of, sorted_by
from lineage.dbt.forms import ImportForm
from lineage.dbt.models import DbtImport, DbtNode, DbtProject
from lineage.dbt.services import request_import

MEANINGS = {"queued": "unknown", "running": "unknown", "succeeded": "good", "failed": "bad"}
COUNTS = (
    ("made", "new"), ("changed", "changed"), ("same", "as before"), ("removed", "removed"), ("edges", "edges"),
    ("columns", "links of columns"), ("results", "results of tests"),
)  # fmt: skip
SORTS = {"project": "project__name", "state": "status", "asked": "queued_at"}
COLUMNS = (
    "id", "project", "team", "state", "asked_by", "asked_at", "finished_at", "error", "notes",
    *(name for name, _ in COUNTS),
)  # fmt: skip
_PROBLEMS_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponseBase:
    """Imports of dbt the person may see, as CSV too; POST sends artifacts of a project (form field `artifacts`)."""
    person = caller(request)
    if request.method == "POST":
        kernel.require(person, "dbt.import", None, "You may not import projects of dbt.")
    form = ImportForm(*((request.POST, request.FILES) if request.method == "POST" else ()), person=person)
    if request.method == "POST" and form.is_valid():
        try:
            job = request_import(
                actor=person, files=[(str(file.name), file.chunks()) for file in request.FILES.getlist("artifacts")],
                team=form.cleaned_data["team"], connection=form.cleaned_data["connection"],
                namespace=form.cleaned_data["namespace"],
            )  # fmt: skip
        except Invalid as error:
            for problem in error.problems:
                form.add_error(problem.path if problem.path in form.fields else "artifacts", problem.message)
        else:
            messages.success(request, "The files are kept; a worker reads them.")
            return redirect("lineage:dbt-import", job.pk)
    rows: Any = DbtImport.objects.visible_to(person).select_related("project", "team", "requested_by")
    rows = sorted_by(request, rows, SORTS, "-asked")
    if request.method != "POST" and request.GET.get("format") == "csv":
        return csv_response("imports.csv", COLUMNS, _csv_rows(rows))
    page = page_of(request, rows)
    context = {
        "page": page,
        "rows": [(row, MEANINGS[row.status], told(row)) for row in page],
        "projects": DbtProject.objects.visible_to(person).select_related("team")[:100],
        "form": form if kernel.can(person, "dbt.import", None) else None,
    }
    return render(
        request, "lineage/dbt/imports.html", context, status=400 if form.is_bound and form.errors else 200
    )


def _csv_rows(rows: Any) -> Iterator[tuple[Any, ...]]:
    for job in rows.iterator(chunk_size=500):
        project = job.project.name if job.project else ""
        asked_by = job.requested_by.username if job.requested_by else ""
        yield (
            job.pk, project, job.team.name, job.status, asked_by, job.queued_at, job.finished_at, job.error,
            len(job.problems), *(job.counts.get(name, 0) for name, _ in COUNTS),
        )  # fmt: skip


def told(job: DbtImport) -> list[tuple[int, str]]:
    """What came of an import, as numbers and words; nothing where there is nothing to say."""
    return [(job.counts[name], words) for name, words in COUNTS if job.counts.get(name)]


@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: its progress while it runs, then what came of it and what was not understood."""
    rows = DbtImport.objects.visible_to(caller(request)).select_related("project", "team", "requested_by")
    job = get_object_or_404(rows, pk=pk)
    context = {
        "job": job,
        "meaning": MEANINGS[job.status],
        "told": told(job),
        "problems": job.problems[:_PROBLEMS_SHOWN],
        "more": max(0, len(job.problems) - _PROBLEMS_SHOWN),
    }
    return render(request, "lineage/dbt/import.html", context)


@require_safe
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """The nodes of a project: models, sources, seeds, snapshots, exposures; `?kind=` narrows, `?removed=true` shows
    those that are gone."""
    person = caller(request)
    found = get_object_or_404(
        DbtProject.objects.visible_to(person).select_related("team", "connection"), pk=pk
    )
    with_removed = request.GET.get("removed") == "true"
    rows = found.nodes.filter(removed_at__isnull=not with_removed).select_related("asset")
    kind = request.GET.get("kind", "")
    if kind in DbtNode.Kind.values:
        rows = rows.filter(kind=kind)
    page = page_of(request, rows.order_by("kind", "name", "unique_id"))
    context = {
        "project": found, "page": page, "rows": list(page), "kinds": DbtNode.Kind.choices, "kind": kind,
        "with_removed": with_removed,
    }  # fmt: skip
    return render(request, "lineage/dbt/project.html", context)
