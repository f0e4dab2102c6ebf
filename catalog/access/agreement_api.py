"""Agreements in the REST API: how they stand, how they end, what was done for them in the store."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.access import selectors
from catalog.access import serializers as shapes
from catalog.access.filters import AgreementFilter
from catalog.access.models import Agreement
from catalog.access.services.agreeing import mark_provisioning, name_principal, revoke_agreement
from catalog.access.services.hurrying import do_now
from catalog.access.services.ordering import report_order
from catalog.access.services.releasing import release_agreement
from catalog.access.services.using import report_use
from catalog.access.states import Event
from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import ApiToken
from catalog.common.api import StrictParameters


class ReportScope(BasePermission):
    """For reports of machines: a token needs the scope `access:report`, which opens nothing else, or `write`."""

    message = "This token may not report; make one with the scope access:report."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        return bool({ApiToken.Scope.ACCESS_REPORT, ApiToken.Scope.WRITE} & set(request.auth.scopes))


REPORTING = (IsAuthenticated, ReportScope)


class AgreementViews(StrictParameters, generics.GenericAPIView[Agreement]):
    """What the list and the single agreement share."""

    serializer_class = shapes.AgreementSerializer

    def get_queryset(self) -> QuerySet[Agreement]:
        return selectors.agreements_for(caller(self.request))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}

    def read(self, shape: Any) -> dict[str, Any]:
        data = shape(data=self.request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)

    def answer(self, pk: int) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data)


class AgreementList(AgreementViews):
    """Agreements of the caller, their teams and products, and those on products they answer for."""

    filterset_class = AgreementFilter
    sort_fields = {"created_at": "created_at", "ends_at": "ends_at", "product": "port__product__name"}
    default_sort = "-created_at"

    @extend_schema(operation_id="agreements_list", responses=shapes.AgreementSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class AgreementDetail(AgreementViews):
    """One agreement."""

    @extend_schema(operation_id="agreements_read", responses=shapes.AgreementSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class AgreementRevoke(AgreementViews):
    """The end from the owner's side."""

    @extend_schema(
        operation_id="agreements_revoke", request=shapes.RevokeInput, responses=shapes.AgreementSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Revoke it after the notice its terms give, or at once. The consumer is told the reason."""
        agreement = self.get_object()
        kernel.require(caller(request), "agreement.revoke", agreement)
        revoke_agreement(actor=caller(request), agreement=agreement, **self.read(shapes.RevokeInput))
        return self.answer(pk)


class AgreementRelease(AgreementViews):
    """The end from the consumer's side."""

    @extend_schema(
        operation_id="agreements_release", request=shapes.ReleaseInput, responses=shapes.AgreementSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Give it back; nobody has to decide that."""
        agreement = self.get_object()
        kernel.require(caller(request), "agreement.release", agreement)
        release_agreement(actor=caller(request), agreement=agreement, **self.read(shapes.ReleaseInput))
        return self.answer(pk)


class AgreementProvisioning(AgreementViews):
    """What was done or seen in the store."""

    @extend_schema(
        operation_id="agreements_provisioning",
        request=shapes.ProvisioningInput,
        responses=shapes.AgreementSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say that granting has begun (`start`), that it is there (`succeed`, also when it was looked at again), that
        it failed or is missing (`fail`), or that it is gone (`removed`)."""
        agreement = self.get_object()
        kernel.require(caller(request), "agreement.provision", agreement)
        given = self.read(shapes.ProvisioningInput)
        mark_provisioning(
            actor=caller(request),
            agreement=agreement,
            event=Event(given["event"]),
            note=given.get("note", ""),
        )
        return self.answer(pk)


class AgreementReport(AgreementViews):
    """What another system did about an order of the portal."""

    permission_classes = REPORTING

    @extend_schema(
        operation_id="agreements_report",
        request=shapes.ReportInput,
        responses=shapes.AgreementSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Report on the open order: it has begun (`start`), it is granted (`succeed`), it failed or is not there
        (`fail`), it is gone (`removed`). An order is closed by its last word, so a report that comes again is 409."""
        agreement = self.get_object()
        kernel.require(caller(request), "agreement.provision", agreement)
        given = self.read(shapes.ReportInput)
        report_order(
            actor=caller(request),
            agreement=agreement,
            order=given["order"],
            event=Event(given["event"]),
            note=given.get("note", ""),
        )
        return self.answer(pk)


class AgreementUse(AgreementViews):
    """When the access was last used."""

    permission_classes = REPORTING

    @extend_schema(
        operation_id="agreements_use", request=shapes.UseInput, responses=shapes.AgreementSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say when it was last used; a moment older than the one known changes nothing."""
        agreement = self.get_object()
        kernel.require(caller(request), "agreement.provision", agreement)
        given = self.read(shapes.UseInput)
        report_use(actor=caller(request), agreement=agreement, used_at=given["used_at"])
        return self.answer(pk)


class AgreementPrincipal(AgreementViews):
    """The consumer's name in the store."""

    @extend_schema(
        operation_id="agreements_principal",
        request=shapes.PrincipalInput,
        responses=shapes.AgreementSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say which database role the consumer has; the portal grants to it where it grants by itself."""
        agreement = self.get_object()
        kernel.require(caller(request), "agreement.provision", agreement)
        given = self.read(shapes.PrincipalInput)
        name_principal(actor=caller(request), agreement=agreement, principal=given["principal"])
        return self.answer(pk)


class AgreementNow(AgreementViews):
    """What the portal would do in the store by itself, without waiting."""

    @extend_schema(operation_id="agreements_now", request=None, responses=shapes.AgreementSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Let the workers grant or remove it at once; 409 where the portal has nothing to do in the store."""
        agreement = self.get_object()
        kernel.require(caller(request), "agreement.provision", agreement)
        do_now(actor=caller(request), agreement=agreement)
        return self.answer(pk)
