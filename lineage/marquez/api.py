"""The addresses lineage clients read at. They take unknown parameters as those clients' server does: quietly."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.api import whole_number
from catalog.common.errors import Invalid, NotFound, Problem
from lineage.datasets.naming import DatasetName
from lineage.datasets.permissions import visible_assets, visible_jobs
from lineage.marquez import columns, details, finding, listing, shapes, versions
from lineage.marquez.addresses import DATASET, FIELD, JOB, Place, Reading, places, readings
from lineage.marquez.graph import MOST_DEPTH, touches_of_jobs, walk
from lineage.models import Run
from lineage.openlineage.api import LineageReceiver

MOST = 1_000  # rows of a page
MOST_EVENTS = 100
_DEPTH = OpenApiParameter("depth", int, description="Jobs to walk over in each direction, 20 unless told.")
_NODE = OpenApiParameter(
    "nodeId", str, required=True, description="dataset:namespace:name or job:namespace:name"
)
_PAGE = [OpenApiParameter("limit", int), OpenApiParameter("offset", int)]


class Lineage(LineageReceiver):
    """Events in, the graph out: clients send and read at one address."""

    def get_throttles(self) -> list[Any]:
        """Reading has the rate of the rest of the API; events have their own back-pressure."""
        reads = self.request.method != "POST"
        return [throttle() for throttle in APIView.throttle_classes] if reads else super().get_throttles()

    @extend_schema(operation_id="marquez_lineage", parameters=[_NODE, _DEPTH], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Nodes with their edges; `hidden` counts what is there and may not be named to the caller."""
        return lineage_graph(request)


def lineage_graph(request: Request) -> Response:
    """The graph around a dataset or job, for `GET /api/v1/lineage`."""
    user = caller(request)
    kind, ways = _node(request, DATASET, JOB)
    depth = whole_number(request, "depth", 20, minimum=0, maximum=MOST_DEPTH)
    if kind == JOB:
        found = walk(
            user, jobs=[_first(finding.jobs(user, [way.name for way in ways]), ways).pk], depth=depth
        )
    else:
        start = _first(finding.datasets(user, [way.name for way in ways]), ways)
        found = walk(user, assets=[start.pk], depth=depth)
    jobs = details.jobs(user, found.jobs.values())
    return Response(shapes.graph(found, jobs, details.datasets(user, found.assets.values())))


class ColumnLineage(APIView):
    """Which columns a column is made from, in the shape of Marquez."""

    @extend_schema(
        operation_id="marquez_column_lineage",
        parameters=[_NODE, _DEPTH, OpenApiParameter("withDownstream", bool)],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        user = caller(request)
        kind, ways = _node(request, DATASET, FIELD, JOB)
        depth = whole_number(request, "depth", 20, minimum=0, maximum=MOST_DEPTH)
        if kind == JOB:
            job = _first(finding.jobs(user, [way.name for way in ways]), ways)
            outputs = [asset for _, asset, writes in touches_of_jobs([job.pk]) if writes]
            begin = columns.starts(list(visible_assets(user).filter(pk__in=outputs)))
        else:
            known = finding.datasets(user, [way.name for way in ways])
            way = next((way for way in ways if way.name in known), None)
            if way is None:
                raise NotFound("There is no such node.")
            begin = columns.starts([known[way.name]], way.field)
        both = request.query_params.get("withDownstream", "").lower() == "true"
        return Response(columns.column_graph(user, begin, depth=depth, with_downstream=both))


class Events(APIView):
    """Events as they came: one's own; for governance and platform admins those of everybody."""

    @extend_schema(
        operation_id="marquez_events",
        parameters=[
            *_PAGE,
            OpenApiParameter("before", OpenApiTypes.DATETIME),
            OpenApiParameter("after", OpenApiTypes.DATETIME),
            OpenApiParameter("sortDirection", str, enum=["asc", "desc"]),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        before, after = (_moment(request, name) for name in ("before", "after"))
        ascending = request.query_params.get("sortDirection", "desc").lower() == "asc"
        page = _page(request, MOST_EVENTS)
        return Response(
            listing.events(caller(request), page, before=before, after=after, is_ascending=ascending)
        )


class Namespaces(APIView):
    """Namespaces of the datasets and jobs one may know of."""

    @extend_schema(operation_id="marquez_namespaces", parameters=_PAGE, responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response({"namespaces": listing.namespaces(caller(request), _page(request))})


class Sources(APIView):
    """Where the datasets one may know of lie: one source for each of their namespaces."""

    @extend_schema(operation_id="marquez_sources", parameters=_PAGE, responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response({"sources": listing.sources(caller(request), _page(request))})


class SourceByName(APIView):
    """One source, by its name, which is its namespace."""

    @extend_schema(operation_id="marquez_source", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, name: str) -> Response:
        name = name if "\x00" not in name else ""
        known = (name, name.removesuffix("/"))
        found = [
            one for only in known for one in listing.sources(caller(request), listing.Page(1), only=only)
        ]
        if not found:
            raise NotFound("There is no such source.")
        return Response(found[0])


class Tags(APIView):
    """The tags that events gave to datasets one may know of."""

    @extend_schema(operation_id="marquez_tags", parameters=_PAGE, responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response({"tags": listing.tags(caller(request), _page(request))})


class InNamespace(APIView):
    """A namespace, its datasets and jobs, one of them, the runs of a job, or the versions of a dataset.

    Names may hold anything, slashes too, encoded or not: `/namespaces/postgres%3A%2F%2Fhost%3A5432/datasets/a.b.c`.
    """

    @extend_schema(
        operation_id="marquez_in_namespace",
        parameters=[
            OpenApiParameter(
                "path",
                str,
                "path",
                description="namespace, namespace/datasets[/name[/versions[/version]]] or namespace/jobs[/name[/runs]]",
            ),
            *_PAGE,
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, path: str) -> Response:
        user, page = caller(request), _page(request)
        for place in places(path):
            answer = _at(user, place, page)
            if answer is not None:
                return Response(answer)
        raise NotFound("There is nothing at this address.")


class RunById(APIView):
    """A run of a job, under the identifier its events gave it."""

    @extend_schema(operation_id="marquez_run", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, key: str) -> Response:
        user = caller(request)
        rows = Run.objects.select_related("job").filter(job__in=visible_jobs(user).values("pk"))
        row = rows.filter(key=key.removesuffix("/")).first()
        if row is None:
            raise NotFound("There is no such run.")
        shape = details.jobs(user, [row.job], with_runs=False)[row.job_id]
        return Response(shapes.run(row, row.job, is_open=not shape["hiddenDatasets"]))


class Search(APIView):
    """Datasets and jobs by a piece of their name. Without a slash at the end; with one it is the portal's search."""

    @extend_schema(
        operation_id="marquez_search",
        parameters=[
            OpenApiParameter("q", str, required=True),
            OpenApiParameter("filter", str, enum=["dataset", "job"]),
            OpenApiParameter("sort", str, enum=["name", "update_at"]),
            OpenApiParameter("namespace", str),
            OpenApiParameter("limit", int),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        limit = whole_number(request, "limit", 10, minimum=1, maximum=MOST)
        only = asked.get("filter", "").lower()
        words = asked.get("q", "")
        if "\x00" in words + asked.get("namespace", ""):
            raise Invalid("The words hold what no name can hold.")
        return Response(
            listing.search(
                caller(request),
                words,
                only=only if only in (DATASET, JOB) else "",
                sort=asked.get("sort", "name").lower().replace("updated_at", "update_at"),
                namespace=asked.get("namespace", ""),
                limit=limit,
            )
        )


def _at(user: User, place: Place, page: listing.Page) -> dict[str, Any] | None:
    if "\x00" in place.namespace + place.name:
        return None
    if not place.what:
        found = listing.namespaces(user, listing.Page(1), only=place.namespace)
        return found[0] if found else None
    name = DatasetName(place.namespace, place.name)
    if not place.name:
        return _list(user, place, page)
    if place.what == "datasets":
        asset = finding.datasets(user, [name]).get(name)
        if asset is None or not place.within:
            return details.datasets(user, [asset])[asset.pk] if asset else None
        return versions.one(asset, place.version) if place.version else versions.listed(asset, page)
    job = finding.jobs(user, [name]).get(name)
    if job is None:
        return None
    shape = details.jobs(user, [job])[job.pk]
    if not place.within:
        return shape
    rows = Run.objects.filter(job=job)
    is_open = not shape["hiddenDatasets"]
    runs = [shapes.run(row, job, is_open=is_open) for row in page.of(rows)]
    return {"runs": runs, "totalCount": rows.count()}


def _list(user: User, place: Place, page: listing.Page) -> dict[str, Any] | None:
    """Everything of a kind in a namespace; an unknown one is empty, as a hidden one is."""
    if place.what == "datasets":
        rows = visible_assets(user).filter(namespace=place.namespace).order_by("name", "pk")
        assets = list(page.of(rows))
        made = details.datasets(user, assets)
        return {"datasets": [made[asset.pk] for asset in assets], "totalCount": rows.count()}
    found = (
        visible_jobs(user).filter(namespace=place.namespace).select_related("parent").order_by("name", "pk")
    )
    jobs = list(page.of(found))
    shaped = details.jobs(user, jobs)
    return {"jobs": [shaped[job.pk] for job in jobs], "totalCount": found.count()}


def _node(request: Request, *kinds: str) -> tuple[str, list[Reading]]:
    kind, ways = readings(request.query_params.get("nodeId", "")[:4_000].replace("\x00", ""))
    if kind not in kinds or not ways:
        words = " or ".join(f"{known}:namespace:name" for known in kinds)
        raise Invalid("This is no node.", problems=[Problem("nodeId", "node", f"Use {words}.")])
    return kind, ways


def _first(found: dict[DatasetName, Any], ways: list[Reading]) -> Any:
    for way in ways:
        if way.name in found:
            return found[way.name]
    raise NotFound("There is no such node.")


def _page(request: Request, most: int = MOST) -> listing.Page:
    limit = whole_number(request, "limit", 100, minimum=0, maximum=1_000_000)
    return listing.Page(
        min(limit, most), whole_number(request, "offset", 0, minimum=0, maximum=1_000_000_000)
    )


def _moment(request: Request, name: str) -> datetime | None:
    raw = request.query_params.get(name)
    if not raw:
        return None
    try:
        found = parse_datetime(raw)
    except ValueError:
        found = None
    if found is None:
        message = "Use a time such as 2026-03-01T12:00:00Z."
        raise Invalid(f"The parameter {name} is not valid.", problems=[Problem(name, "time", message)])
    return found if found.tzinfo else timezone.make_aware(found)
