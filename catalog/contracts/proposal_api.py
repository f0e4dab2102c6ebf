"""Proposed versions of contracts in the REST API: propose, acknowledge, publish, withdraw, as on the page."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework import generics, status
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts.caller import caller
from catalog.common.api import DocumentParser, StrictParameters, document_of
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.contracts.models import ChangeProposal, DataContract
from catalog.contracts.proposal_serializers import (
    AcknowledgementInput,
    ProposalSerializer,
    PublicationInput,
)
from catalog.contracts.services import publishing

LONGEST_NOTE = 2_000


class ProposalViews(StrictParameters, generics.GenericAPIView[ChangeProposal]):
    """What the addresses of proposals share; a proposal is seen by whoever sees its contract."""

    serializer_class = ProposalSerializer

    def get_queryset(self) -> QuerySet[ChangeProposal]:
        visible = DataContract.objects.visible_to(caller(self.request)).values("pk")
        known = ChangeProposal.objects.filter(contract__in=visible).select_related(
            "contract__product__domain", "contract__product__team", "base", "proposed_by"
        )
        return known.prefetch_related("acknowledgements__user", "acknowledgements__product__domain")

    def find(self, pk: int) -> ChangeProposal:
        found = self.get_queryset().filter(pk=pk).first()
        if found is None:
            raise NotFound("There is no such proposal, or you may not see it.")
        return found

    def answer(self, proposal: ChangeProposal, code: int = status.HTTP_200_OK) -> Response:
        """The proposal as it is now, with whom it waits for."""
        context = {**self.get_serializer_context(), "is_detailed": True}
        return Response(ProposalSerializer(self.find(proposal.pk), context=context).data, status=code)


class ProposalList(ProposalViews):
    """Proposed versions of the contracts the caller may see, newest first."""

    parser_classes = (DocumentParser,)

    def allowed_parameters(self) -> set[str]:
        return {"standing", "contract", "page", "page_size"} if self.request.method == "GET" else {"note"}

    @extend_schema(
        operation_id="proposals_list",
        parameters=[
            OpenApiParameter("standing", str, enum=ChangeProposal.Standing.values),
            OpenApiParameter("contract", str, description="The contract's own id."),
        ],
        responses=ProposalSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = self.get_queryset().order_by("-pk")
        if standing := request.query_params.get("standing"):
            if standing not in ChangeProposal.Standing.values:
                words = f"Use one of {', '.join(ChangeProposal.Standing.values)}."
                raise Invalid(
                    "The parameter standing is not valid.", problems=[Problem("standing", "choice", words)]
                )
            rows = rows.filter(standing=standing)
        if key := request.query_params.get("contract"):
            rows = rows.filter(contract__key=key)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="proposals_create",
        parameters=[OpenApiParameter("note", str, description="Why, for those it reaches.")],
        request={
            "application/yaml": OpenApiRequest(OpenApiTypes.STR),
            "application/json": OpenApiRequest(OpenApiTypes.OBJECT),
        },
        responses={201: ProposalSerializer},
    )
    def post(self, request: Request) -> Response:
        """Propose the document in the body as the next version of the contract it names."""
        note = request.query_params.get("note", "")[:LONGEST_NOTE]
        made = publishing.propose_change(actor=caller(request), raw=document_of(request), note=note)
        return self.answer(made, status.HTTP_201_CREATED)


class ProposalDetail(ProposalViews):
    """One proposed version."""

    @extend_schema(operation_id="proposals_read", responses=ProposalSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.find(pk))


class ProposalStep(ProposalViews):
    """What can be done with an open proposal."""

    parser_classes = (JSONParser,)

    def read(self, serializer: Any) -> dict[str, Any]:
        data = serializer(data=self.request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)


class ProposalAcknowledgements(ProposalStep):
    @extend_schema(
        operation_id="proposals_acknowledge", request=AcknowledgementInput, responses=ProposalSerializer
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take note of a breaking change for a product that reads from a port under the contract."""
        found = self.find(pk)
        publishing.acknowledge_change(
            actor=caller(request), proposal=found, **self.read(AcknowledgementInput)
        )
        return self.answer(found)


class ProposalPublication(ProposalStep):
    @extend_schema(operation_id="proposals_publish", request=PublicationInput, responses=ProposalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Publish it. 409 while consumers have not acknowledged a breaking version, unless a reason is given."""
        found = self.find(pk)
        publishing.publish_change(actor=caller(request), proposal=found, **self.read(PublicationInput))
        return self.answer(found)


class ProposalWithdrawal(ProposalStep):
    @extend_schema(operation_id="proposals_withdraw", request=None, responses=ProposalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Take the proposal back."""
        found = self.find(pk)
        publishing.withdraw_change(actor=caller(request), proposal=found)
        return self.answer(found)
