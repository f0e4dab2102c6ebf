"""`/metrics`: the portal's own figures in Prometheus' text format, for those who run it.

Requests are counted in the process that answers them (in shared files when PROMETHEUS_MULTIPROC_DIR is set, for web
servers of several processes); everything else is read from database, cache and broker when it is asked for. Labels are
routes, states and parts: no name of a product, person or source ever stands in one.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache, caches
from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from rest_framework.exceptions import AuthenticationFailed

from catalog.accounts import kernel
from catalog.accounts.authentication import TokenAuthentication
from catalog.accounts.caller import caller
from catalog.accounts.models import ApiToken
from catalog.connections.models import Connection
from catalog.crawling.models import CrawlRun
from catalog.notifications.models import Notice, Notification
from catalog.search.selectors import index_state
from meshportal import health
from meshportal.cache import PortalCache
from meshportal.celery import HEARTBEAT_KEY

log = logging.getLogger("meshportal.requests")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLO_SECONDS = 1.0  # the portal's promise: an answer without a server error within this time …
SLO_TARGET = 0.995  # … to this share of requests
QUEUE = "celery"

in_process = CollectorRegistry()
REQUESTS = Histogram(
    "meshportal_request_seconds",
    "Time to answer a request, by method, route and status.",
    ("method", "route", "status"),
    buckets=BUCKETS,
    registry=in_process,
)
PROMISE = Counter(
    "meshportal_slo_requests",
    "Requests that kept the promise (no server error, within a second) and that did not.",
    ("kept",),
    registry=in_process,
)


class MeasuringMiddleware:
    """Measures every request; with MESHPORTAL_LOG_REQUESTS also writes a line for each, without its query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        status = 500
        try:
            response = self.get_response(request)
            status = response.status_code
        finally:
            seconds = time.perf_counter() - begun
            observe(request, status, seconds)
        return response


def observe(request: HttpRequest, status: int, seconds: float) -> None:
    """Count one answered request."""
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, route_of(request), str(status)).observe(seconds)
    PROMISE.labels("true" if status < 500 and seconds <= SLO_SECONDS else "false").inc()
    if settings.LOG_REQUESTS:
        address = request.META.get("REMOTE_ADDR", "-")
        facts = {"client": address, "status": status, "milliseconds": round(seconds * 1000, 1)}
        words = "%s %s %s from %s in %.0f ms"
        log.info(words, method, request.path, status, address, seconds * 1000, extra={"facts": facts})


def route_of(request: HttpRequest) -> str:
    """The pattern that answered, never the address itself: addresses hold names."""
    match = request.resolver_match
    return f"/{match.route}" if match else "none"


class Facts(Collector):
    """What database, cache and broker say now."""

    def collect(self) -> Iterator[Metric]:
        ready = GaugeMetricFamily("meshportal_ready", "Whether a part is as it should be.", labels=["part"])
        readings = health.read_all()
        for name, reading in readings.items():
            ready.add_metric([name], float(reading.ok))
        yield ready
        yield GaugeMetricFamily(
            "meshportal_slo_target_ratio", "Share of requests to keep the promise.", SLO_TARGET
        )
        yield from _worker()
        try:
            yield from _crawls()
            yield from _search()
            yield from _notifications()
        except DatabaseError:
            return  # meshportal_ready says so


def _worker() -> Iterator[Metric]:
    if heard := cache.get(HEARTBEAT_KEY):
        age = (timezone.now() - heard).total_seconds()
        yield GaugeMetricFamily(
            "meshportal_worker_heartbeat_age_seconds", "Since a worker was heard of.", age
        )
    store = caches["default"]
    if isinstance(store, PortalCache):
        key = f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}{QUEUE}"
        waiting = store.list_length(key)
        if waiting is not None:
            yield GaugeMetricFamily("meshportal_queue_messages", "Messages no worker has taken yet.", waiting)


def _crawls() -> Iterator[Metric]:
    now = timezone.now()
    runs = GaugeMetricFamily("meshportal_crawl_runs", "Crawl runs kept, by state.", labels=["state"])
    counts = dict(CrawlRun.objects.order_by().values_list("status").annotate(count=Count("pk")))
    for state in CrawlRun.Status.values:
        runs.add_metric([state], counts.get(state, 0))
    yield runs
    due = CrawlRun.objects.filter(status=CrawlRun.Status.QUEUED, due_at__lte=now).aggregate(
        oldest=Min("due_at")
    )
    age = (now - due["oldest"]).total_seconds() if due["oldest"] else 0.0
    yield GaugeMetricFamily(
        "meshportal_crawl_oldest_due_seconds", "Since the oldest waiting run was due.", age
    )
    sources = Connection.objects.aggregate(
        total=Count("pk"), failing=Count("pk", filter=Q(failures_in_row__gt=0, is_paused=False))
    )
    yield GaugeMetricFamily("meshportal_sources", "Connections.", sources["total"])
    yield GaugeMetricFamily(
        "meshportal_sources_failing", "Connections whose last crawl failed.", sources["failing"]
    )


def _search() -> Iterator[Metric]:
    state = index_state()
    age = state.oldest_mark_age.total_seconds() if state.oldest_mark_age else 0.0
    yield GaugeMetricFamily(
        "meshportal_outbox_marks", "Changes waiting for the search index.", state.marks_waiting
    )
    yield GaugeMetricFamily("meshportal_outbox_oldest_seconds", "Age of the oldest of them.", age)
    yield GaugeMetricFamily("meshportal_search_drift", "Differences at the last comparison.", state.drift)
    yield GaugeMetricFamily("meshportal_search_expected_documents", "Products and ports.", state.in_database)
    if state.in_index is not None:
        yield GaugeMetricFamily(
            "meshportal_search_documents", "Documents in the search index.", state.in_index
        )


def _notifications() -> Iterator[Metric]:
    waiting = Notice.objects.waiting().count()
    yield GaugeMetricFamily("meshportal_notices_waiting", "Events whose people are not found yet.", waiting)
    mail = GaugeMetricFamily("meshportal_mail", "Notifications by e-mail, by state.", labels=["state"])
    states = [state for state in Notification.Mail.values if state not in ("", Notification.Mail.SENT)]
    told = Notification.objects.filter(mail__in=states).order_by()
    counts = dict(told.values_list("mail").annotate(count=Count("pk")))
    for state in states:
        mail.add_metric([state], counts.get(state, 0))
    yield mail
    due = Notification.objects.filter(mail=Notification.Mail.DUE, mail_due_at__lte=timezone.now())
    oldest = due.aggregate(oldest=Min("mail_due_at"))["oldest"]
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily(
        "meshportal_mail_oldest_due_seconds", "Since the oldest waiting e-mail was due.", age
    )


def refusal(request: HttpRequest) -> int | None:
    """None when the caller may read the figures, else 401 (who are you?) or 403 (not you)."""
    try:
        if any(
            ip_address(request.META.get("REMOTE_ADDR", "")) in network
            for network in settings.METRICS_NETWORKS
        ):
            return None
    except ValueError:
        pass  # a unix socket has no address
    try:
        found = TokenAuthentication().authenticate(request)  # type: ignore[arg-type]  # it reads META only
    except AuthenticationFailed:
        return 401
    if found is not None:
        person, token = found
        fits = ApiToken.Scope.METRICS in token.scopes and kernel.standing(person).is_platform_admin
        return None if fits else 403
    if not request.user.is_authenticated:
        return 401
    return None if kernel.standing(caller(request)).is_platform_admin else 403


@never_cache
@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The portal's own figures: for platform admins, tokens with the scope `metrics`, and the networks allowed."""
    if status := refusal(request):
        answer = HttpResponse(
            "The metrics are for platform admins: sign in, or send a token with the scope metrics.\n",
            status=status,
            content_type="text/plain; charset=utf-8",
        )
        if status == 401:
            answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # registers itself
        counted = generate_latest(registry)
    else:
        counted = generate_latest(in_process)
    facts = CollectorRegistry()
    facts.register(Facts())
    return HttpResponse(counted + generate_latest(facts), content_type=CONTENT_TYPE_LATEST)
