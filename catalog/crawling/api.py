"""Crawls in the REST API: list, read, and ask for one (202 with the run's address)."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.api import StrictParameters
from catalog.common.errors import NotFound
from catalog.connections.models import Connection
from catalog.crawling import selectors, services
from catalog.crawling.filters import RunFilter
from catalog.crawling.models import CrawlRun
from catalog.crawling.serializers import RunDetailSerializer, RunSerializer
from catalog.products.port_api import PortViews


class RunViews(StrictParameters, generics.GenericAPIView[CrawlRun]):
    """What the addresses of runs share."""

    serializer_class: Any = RunSerializer
    queryset = CrawlRun.objects.none()

    @property
    def caller(self) -> User:
        return caller(self.request)

    def get_queryset(self) -> QuerySet[CrawlRun]:
        return selectors.runs_for(self.caller)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "connections": seen_connections(self.caller)}


def seen_connections(user: User) -> frozenset[int]:
    return frozenset(Connection.objects.visible_to(user).values_list("pk", flat=True))


class RunList(RunViews):
    """Crawls the caller may see, newest first."""

    filterset_class = RunFilter

    @extend_schema(operation_id="crawls_list", responses=RunSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class RunItem(RunViews):
    """One crawl with its progress and what it found."""

    serializer_class = RunDetailSerializer

    @extend_schema(operation_id="crawls_read", responses=RunDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        run = self.get_queryset().filter(pk=pk).first()
        if run is None:
            raise NotFound("There is no such crawl, or you may not see it.")
        return Response(self.get_serializer(run).data)


class ProductRuns(PortViews):
    """Crawls that read ports of one product."""

    serializer_class: Any = RunSerializer

    @extend_schema(operation_id="products_crawls", responses=RunSerializer(many=True))
    def get(self, request: Request, domain: str, slug: str) -> Response:
        runs = selectors.runs_of_product(self.caller, self.find())
        self._tagged = None
        page = self.paginate_queryset(runs)
        context = {"request": request, "connections": seen_connections(self.caller)}
        return self.get_paginated_response(RunSerializer(page, many=True, context=context).data)

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"}


class PortCrawl(PortViews):
    """Ask for a crawl of one port."""

    serializer_class: Any = RunSerializer

    @extend_schema(operation_id="ports_crawl", request=None, responses={202: RunSerializer})
    def post(self, request: Request, domain: str, slug: str, name: str, version: str) -> Response:
        """Queue a crawl. Asking again while it waits gives the same run."""
        run = services.request_crawl(actor=self.caller, port=self.find_port())
        self._tagged = None
        run = selectors.runs_for(self.caller).get(pk=run.pk)
        data = RunSerializer(run, context={"connections": seen_connections(self.caller)}).data
        return Response(data, status=status.HTTP_202_ACCEPTED, headers={"Location": data["url"]})
