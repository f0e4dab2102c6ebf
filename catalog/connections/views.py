"""Pages of connections: the list, one of them, and the way of a new one: kind, settings, test, save."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.accounts.views.requests import PersonRequest
from catalog.common.csv import csv_response
from catalog.common.errors import Conflict, NotAllowed, NotFound, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.connections import checks, selectors, services
from catalog.connections.connectors.registry import registry
from catalog.connections.forms import PREFIX, ConnectionForm, initial_of
from catalog.connections.models import Connection, ConnectionCheck

CSV_HEADER = (
    "slug",
    "name",
    "kind",
    "team",
    "environment",
    "schedule",
    "state",
    "checked_at",
    "assets",
    "unclaimed",
)
STEP_LABELS = {"reachable": "Reachable", "signed_in": "Signed in", "readable": "Readable"}


def index(request: PersonRequest) -> HttpResponseBase:
    """Every connection the person may see: searched, sorted, in pages, as CSV (`?format=csv`)."""
    q, kind = request.GET.get("q", "").strip()[:200], request.GET.get("kind", "")
    found = sorted_by(
        request, selectors.connections_of(request.user, q=q, kind=kind), selectors.SORTS, "name"
    )
    if request.GET.get("format") == "csv":
        return csv_response("connections.csv", CSV_HEADER, _csv_rows(found.iterator(chunk_size=500)))
    page = page_of(request, found)
    context = {
        "page": page,
        "rows": [(item, selectors.title_of(item.kind), selectors.state_of(item)) for item in page],
        "q": q,
        "kind": kind,
        "kinds": [(c.name, c.title) for c in registry().connectors.values()],
        "is_filtered": bool(q or kind),
        "may_create": kernel.can(request.user, "connection.create", None),
    }
    return render(request, "catalog/connections/list.html", context)


def _csv_rows(found: Iterator[Connection]) -> Iterator[tuple[Any, ...]]:
    for item in found:
        counts: Any = item  # annotated by the selector
        yield (
            item.slug,
            item.name,
            item.kind,
            item.team.slug,
            item.environment,
            item.schedule,
            selectors.state_of(item).word,
            item.checked_at,
            counts.asset_count,
            counts.unclaimed_count,
        )


def choose_kind(request: PersonRequest) -> HttpResponse:
    """What kinds of store can be connected; broken plugins are named to platform administrators."""
    _require_creator(request.user)
    known = registry()
    context = {
        "connectors": known.connectors.values(),
        "needing": known.needing.values(),
        "broken": known.broken if kernel.standing(request.user).is_platform_admin else (),
    }
    return render(request, "catalog/connections/kinds.html", context)


def create(request: PersonRequest, kind: str) -> HttpResponse:
    """Enter the settings of a new connection; sending them begins a test, not yet a connection."""
    _require_creator(request.user)
    connector = registry().connectors.get(kind)
    if connector is None:
        needing = registry().needing.get(kind)
        if needing is not None:
            raise Conflict(
                f"{needing.connector.title} {needing.words}.",
                remedy="An administrator can run it on every host.",
            )
        raise NotFound("There is no such kind of connection.")
    earlier = _earlier(request, kind)
    form = ConnectionForm(
        request.user,
        connector,
        request.POST or None,
        initial=initial_of(earlier) if earlier else None,
        kept=bool(earlier and earlier.secret),
    )
    return _test_draft(request, form, kind, None, earlier)


def edit(request: PersonRequest, slug: str) -> HttpResponse:
    """Change a connection; the change is tested before it is saved."""
    connection = selectors.connection_or_404(request.user, slug)
    if not kernel.can(request.user, "connection.edit", connection):
        raise NotAllowed(f"You may not edit {connection}.", remedy="Ask a technical owner of its team.")
    connector = registry().connectors.get(connection.kind)
    if connector is None:
        raise Conflict(
            f"The connector of this connection is not installed: {registry().title_of(connection.kind)}.",
            remedy="Ask an administrator.",
        )
    earlier = _earlier(request, connection.kind)
    initial = {**initial_of(connection), **(initial_of(earlier) if earlier else {})}
    form = ConnectionForm(request.user, connector, request.POST or None, initial=initial, kept=True)
    return _test_draft(request, form, connection.kind, connection, earlier)


def _require_creator(user: User) -> None:
    if not kernel.can(user, "connection.create", None):
        raise NotAllowed(
            "You may not enter connections.",
            remedy="Technical owners and domain admins of a team may; ask yours.",
        )


def _earlier(request: PersonRequest, kind: str) -> ConnectionCheck | None:
    """The test the form comes back from: what was typed is kept."""
    wanted = request.POST.get("check_id") or request.GET.get("check", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 18):
        return None
    return ConnectionCheck.objects.visible_to(request.user).filter(pk=int(wanted), kind=kind).first()


def _test_draft(
    request: PersonRequest,
    form: ConnectionForm,
    kind: str,
    connection: Connection | None,
    earlier: ConnectionCheck | None,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            check = checks.request_draft_check(
                actor=request.user,
                kind=kind,
                config=form.config,
                team=form.cleaned_data["team"],
                draft=form.draft,
                connection=connection,
                earlier=earlier,
            )
        except PortalError as error:
            for problem in error.problems:
                if PREFIX + problem.path in form.fields:
                    form.add_error(PREFIX + problem.path, problem.message)
            if not form.errors:
                show_on_form(form, error)
        else:
            return redirect("connections:check", check.pk)
    context = {"form": form, "connector": form.connector, "connection": connection}
    return render(request, "catalog/connections/form.html", context, status=400 if form.errors else 200)


def check(request: PersonRequest, pk: int) -> HttpResponse:
    """A test step by step; while it runs the page asks for itself anew."""
    shown = selectors.check_or_404(request.user, pk)
    steps = [{**step, "label": STEP_LABELS[step["name"]]} for step in shown.steps]
    context = {"check": shown, "steps": steps, "title": selectors.title_of(shown.kind)}
    is_part = request.headers.get("HX-Request") == "true"
    name = "check_steps.html" if is_part else "check.html"
    return render(request, f"catalog/connections/{name}", context)


@require_POST
def save(request: PersonRequest, pk: int) -> HttpResponse:
    """Save what was tested."""
    shown = selectors.check_or_404(request.user, pk)
    try:
        saved = checks.save_checked(actor=request.user, check=shown)
    except Conflict as error:
        messages.error(request, str(error))
        return redirect("connections:check", pk)
    messages.success(request, f"{saved} is saved.")
    return redirect("connections:detail", saved.slug)


def detail(request: PersonRequest, slug: str) -> HttpResponse:
    """One connection: its state, its settings without secrets, what is in it."""
    connection = selectors.connection_or_404(request.user, slug)
    context = {
        "connection": connection,
        "title": selectors.title_of(connection.kind),
        "state": selectors.state_of(connection),
        "settings": selectors.settings_of(connection),
        "may_edit": kernel.can(request.user, "connection.edit", connection),
        "last_run": connection.runs.order_by("-queued_at", "-pk").first(),
        "port_count": connection.output_ports.count(),
    }
    return render(request, "catalog/connections/detail.html", context)


def _acting(service: Callable[..., Connection], words: str) -> Callable[..., HttpResponse]:
    @require_POST
    def act(request: PersonRequest, slug: str) -> HttpResponse:
        """Stop crawling a connection for a while, or set it going again."""
        connection = selectors.connection_or_404(request.user, slug)
        service(actor=request.user, connection=connection)
        messages.success(request, words.format(connection))
        return redirect("connections:detail", slug)

    return act


pause = _acting(services.pause_connection, "{} is paused: it is not crawled until somebody resumes it.")
resume = _acting(services.resume_connection, "{} is crawled again.")


@require_POST
def test(request: PersonRequest, slug: str) -> HttpResponse:
    """Test a saved connection as it is."""
    connection = selectors.connection_or_404(request.user, slug)
    begun = checks.request_check(actor=request.user, connection=connection)
    return redirect("connections:check", begun.pk)


def delete(request: PersonRequest, slug: str) -> HttpResponse:
    """Forget a connection, after saying what stays."""
    connection = selectors.connection_or_404(request.user, slug)
    if not kernel.can(request.user, "connection.edit", connection):
        raise NotAllowed(f"You may not delete {connection}.", remedy="Ask a technical owner of its team.")
    if request.method == "POST":
        try:
            services.delete_connection(actor=request.user, connection=connection)
        except Conflict as error:
            messages.error(request, str(error))
            return redirect("connections:detail", slug)
        messages.success(request, f"{connection} and its credentials are deleted.")
        return redirect("connections:list")
    context = {"connection": connection, "port_count": connection.output_ports.count()}
    return render(request, "catalog/connections/delete.html", context)
