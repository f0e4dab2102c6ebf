"""Incidents in the REST API."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.common.etag import RevisionTagMixin
from catalog.incidents import selectors, services
from catalog.incidents.deeds import Deed, perform
from catalog.incidents.filters import IncidentFilter
from catalog.incidents.models import Incident
from catalog.incidents.serializers import DeedInput, IncidentInput, IncidentSerializer, IncidentWithTimeline
from catalog.incidents.transitions import Happening


class IncidentViews(StrictParameters, RevisionTagMixin, generics.GenericAPIView[Incident]):
    """What the list and the single incident share."""

    serializer_class = IncidentSerializer

    def get_queryset(self) -> QuerySet[Incident]:
        rows = selectors.incidents_for(caller(self.request))
        return rows.prefetch_related("product__stewardships") if self.kwargs.get("pk") else rows

    def answer(self, incident: Incident, code: int = status.HTTP_200_OK) -> Response:
        fresh = selectors.incidents_for(caller(self.request)).get(pk=incident.pk)
        self.tag(fresh)
        return Response(IncidentWithTimeline(fresh).data, status=code)


class IncidentList(IncidentViews):
    """Incidents of the products the caller may see; resolved ones only with `status=resolved`."""

    filterset_class = IncidentFilter
    sort_fields = {
        "opened_at": "opened_at", "severity": "severity_rank", "last_seen_at": "last_seen_at",
        "consumers": "consumers", "product": "product__name",
    }  # fmt: skip
    default_sort = "-opened_at"

    @extend_schema(operation_id="incidents_list", responses=IncidentSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="incidents_report", request=IncidentInput, responses={201: IncidentWithTimeline}
    )
    def post(self, request: Request) -> Response:
        """Report trouble of a port or a product. The same words again, while it goes on, are refused (409)."""
        data = IncidentInput(data=request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        given = data.validated_data
        port = given.get("port")
        product = port.product if port else given["product"]
        said = services.Report(given["title"], given.get("summary", ""), given.get("severity", ""), port)
        made = services.report_incident(actor=caller(request), product=product, report=said)
        return self.answer(made, status.HTTP_201_CREATED)


class IncidentDetail(IncidentViews):
    """One incident with its timeline."""

    @extend_schema(operation_id="incidents_read", responses=IncidentWithTimeline)
    def get(self, request: Request, pk: int) -> Response:
        return Response(IncidentWithTimeline(self.get_object()).data)


class IncidentEvents(IncidentViews):
    """The timeline, to be added to."""

    @extend_schema(operation_id="incidents_act", request=DeedInput, responses={201: IncidentWithTimeline})
    def post(self, request: Request, pk: int) -> Response:
        """Acknowledge, assign, comment, rate, resolve, open again, or write the post-incident note.

        Needs no If-Match: each is an entry of its own, and refused (409) where the incident's status forbids it.
        """
        incident = self.get_object()
        self._tagged = None
        kernel.require(caller(request), "incident.comment", incident)
        if request.data.get("kind") != Happening.COMMENTED if isinstance(request.data, dict) else False:
            kernel.require(caller(request), "incident.handle", incident)
        data = DeedInput(data=request.data)
        data.is_valid(raise_exception=True)
        perform(actor=caller(request), incident=incident, deed=Deed(**data.validated_data))
        return self.answer(incident, status.HTTP_201_CREATED)
