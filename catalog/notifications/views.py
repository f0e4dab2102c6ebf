"""Pages of notifications: the list behind the bell, following one, and how one wants to hear of things."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts.caller import caller
from catalog.accounts.parts import parts
from catalog.common.errors import NotFound, PortalError
from catalog.common.lists import filtered, page_of, sorted_by
from catalog.notifications import selectors, services, unsubscribing
from catalog.notifications.filters import NotificationFilter
from catalog.notifications.models import Channel, Kind, Notification
from catalog.notifications.watching import Watchable, button_of

SORTS = {
    "at": "created_at"
}  # a feed: newest or oldest first; what is to be kept is had by `told` and by the API
ORDERS = (("-at", "the newest"), ("at", "the oldest"))
LONGEST_KEY = 4_000  # characters


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What one was told, newest first (`?sort=at`: oldest); `?is_read=false` the unread ones, `?kind=slo` of a kind."""
    person = caller(request)
    query = request.GET.copy()
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]  # a filter left empty in the form narrows nothing
    rows = filtered(NotificationFilter(query, queryset=selectors.notifications_for(person), request=request))
    context = {
        "page": page_of(request, sorted_by(request, rows, SORTS, "-at")),
        "orders": ORDERS,
        "order": query.get("sort", "-at"),
        "kinds": Kind.choices,
        "kind": query.get("kind", ""),
        "is_read": query.get("is_read", ""),
        "is_filtered": bool(set(query) - {"page", "sort"}),
        "sends_mail": settings.EMAIL.is_configured,
    }
    return render(request, "catalog/notifications/list.html", context)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark notifications read: those of `id`, or `all` that are listed as unread; with `unread` unread again."""
    person = caller(request)
    ids = [
        int(raw)
        for raw in request.POST.getlist("id")[:500]
        if raw.isascii() and raw.isdigit() and len(raw) < 19
    ]
    if "unread" in request.POST:
        count, word = services.mark_unread(actor=person, ids=ids), "unread"
    else:
        count, word = services.mark_read(actor=person, ids=None if "all" in request.POST else ids), "read"
    if count:
        messages.success(request, f"{count} notification{'s are' if count != 1 else ' is'} marked {word}.")
    elif not ids and "all" not in request.POST:
        messages.info(request, "Choose the notifications first.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    home = reverse("notifications:list")
    is_ours = url_has_allowed_host_and_scheme(wanted, None) and wanted.startswith(home)
    return wanted if is_ours else home


@never_cache
@require_safe
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what the notification is about, and mark it read; HEAD only says where."""
    person = caller(request)
    found = Notification.objects.visible_to(person).select_related("notice").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such notification, or you may no longer see what it is about.")
    if request.method == "GET":
        services.mark_read(actor=person, ids=[found.pk])
    return redirect(found.notice.link)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """How one wants to hear of each kind, and what one watches."""
    person = caller(request)
    status, error = 200, ""
    if request.method == "POST":
        given = {kind: request.POST[kind] for kind in Kind.values if kind in request.POST}
        try:
            services.choose_channels(actor=person, channels=given)
        except PortalError as problem:
            status, error = 400, str(problem)
        else:
            messages.success(request, "Your choices are saved.")
            return redirect("notifications:preferences")
    context = {
        "parts": parts(),
        "part": "notifications",
        "choices": selectors.choices_of(person),
        "channels": Channel.choices,
        "subscriptions": page_of(request, selectors.subscriptions_of(person)),
        "sends_mail": settings.EMAIL.is_configured,
        "digest_hour": settings.DIGEST_HOUR,
        "error": error,
    }
    return render(request, "catalog/notifications/preferences.html", context, status=status)


@csrf_exempt  # mail programs press it without a cookie (RFC 8058); the signed address is what allows it
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End a kind of e-mail without signing in. GET only asks: programs that look at links must not decide."""
    found = unsubscribing.read(token)
    if found is None:
        raise NotFound("This address ends nobody's e-mail. Choose how you hear of things in your account.")
    person, kinds = found
    is_done = request.method == "POST"
    if is_done:
        unsubscribing.end_mail(person=person, kinds=kinds)
    labels = [Kind(kind).label for kind in kinds]
    context = {"labels": labels, "is_done": is_done}
    return render(request, "catalog/notifications/unsubscribe.html", context)


@require_POST
def watch(request: HttpRequest) -> HttpResponse:
    """Watch, or with `wanted=off` no longer: `target` and `key` say what. htmx gets the button as it is then."""
    person = caller(request)
    item = Watchable(request.POST.get("target", ""), request.POST.get("key", "")[:LONGEST_KEY])
    is_wanted = request.POST.get("wanted") != "off"
    if is_wanted:
        item.watch(person)
    else:
        item.unwatch(person)
    words = "You are told what happens here from now on." if is_wanted else "You are told no longer."
    if request.headers.get("HX-Request") == "true":
        context = button_of(item, is_watched=is_wanted, back=request.POST.get("next", ""), says=words)
        return render(request, "catalog/notifications/watch_button.html", context)
    messages.success(request, words)
    wanted = request.POST.get("next", "")
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, None)
    return redirect(wanted if is_ours else "notifications:preferences")


@require_POST
def unwatch(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop watching one of the things one's account lists."""
    services.unwatch(actor=caller(request), subscription_id=pk)
    messages.success(request, "You are told no longer.")
    return redirect("notifications:preferences")
