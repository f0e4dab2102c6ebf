"""Access in the REST API: requests, decisions, rules. Agreements have their own file."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.access import selectors
from catalog.access import serializers as shapes
from catalog.access.filters import RequestFilter
from catalog.access.models import AccessComment, AccessRequest, ApprovalRule, RequestStage
from catalog.access.selectors import visible_rules
from catalog.access.services import requests as asking
from catalog.access.services.deciding import decide_stage
from catalog.access.states import DecisionState
from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import Team, User
from catalog.common.api import StrictParameters
from catalog.common.errors import Conflict, Invalid, NotAllowed, Problem


class RequestViews(StrictParameters, generics.GenericAPIView[AccessRequest]):
    """What the list and the single request share."""

    serializer_class = shapes.RequestSerializer

    def get_queryset(self) -> QuerySet[AccessRequest]:
        rows = selectors.requests_for(caller(self.request))
        return rows.prefetch_related(
            "purposes", "stages__decisions__decided_by", "stages__decisions__decided_for"
        )

    def read(self, shape: Any) -> dict[str, Any]:
        data = shape(data=self.request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)

    def answer(self, pk: int, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=code)


class RequestList(RequestViews):
    """Requests the caller may see."""

    filterset_class = RequestFilter
    sort_fields = {"submitted_at": "submitted_at", "id": "pk"}
    default_sort = "-id"

    @extend_schema(operation_id="access_requests_list", responses=shapes.RequestSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="access_requests_create",
        request=shapes.RequestInput,
        responses={201: shapes.RequestSerializer},
    )
    def post(self, request: Request) -> Response:
        """Ask for access, for oneself, a team or a product. It is sent at once unless `is_draft`."""
        given = self.read(shapes.RequestInput)
        port, digest = given.pop("port"), given.pop("contract_digest", "")
        is_draft, person = given.pop("is_draft", False), caller(request)
        consumer = consumer_of(person, given.pop("for_team", ""), given.pop("for_product", None))
        with transaction.atomic():
            made = asking.draft_request(actor=person, port=port, consumer=consumer, **given)
            if not is_draft:
                asking.submit_request(actor=person, request=made, accepted_digest=digest)
        return self.answer(made.pk, status.HTTP_201_CREATED)


def consumer_of(person: User, team: str, product: Any) -> Any:
    """Whom somebody asks for: a team by its slug, a product, or themselves. Raises Invalid."""
    if team and product:
        problem = Problem("for_team", "either", "Ask for a team or for a product, not for both.")
        raise Invalid(problem.message, kept="Nothing was saved.", problems=[problem])
    if not team:
        return product or person
    found = Team.objects.visible_to(person).filter(slug=team).first()
    if found is None:
        problem = Problem("for_team", "does_not_exist", "Unknown team.")
        raise Invalid("There is no such team.", problems=[problem])
    return found


class RequestDetail(RequestViews):
    """One request."""

    @extend_schema(operation_id="access_requests_read", responses=shapes.RequestSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class RequestWithdraw(RequestViews):
    """Taking a request back."""

    @extend_schema(operation_id="access_requests_withdraw", request=None, responses=shapes.RequestSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Take it back before it is decided."""
        asking.withdraw_request(actor=caller(request), request=self.get_object())
        return self.answer(pk)


class RequestDecisions(RequestViews):
    """Decisions about a request."""

    @extend_schema(
        operation_id="access_requests_decide",
        request=shapes.DecisionInput,
        responses=shapes.RequestSerializer,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Approve or deny at one stage; a denial needs a note."""
        person, asked = caller(request), self.get_object()
        given = self.read(shapes.DecisionInput)
        stage = self._stage(person, asked, given.pop("stage", None))
        decide_stage(actor=person, stage=stage, is_approval=given["is_approval"], note=given.get("note", ""))
        return self.answer(pk)

    @staticmethod
    def _stage(person: User, asked: AccessRequest, number: int | None) -> RequestStage:
        if number is not None:
            named = asked.stages.filter(pk=number).first()
            if named is None:
                problem = Problem("stage", "does_not_exist", "This request has no such stage.")
                raise Invalid(problem.message, problems=[problem])
            return named
        if asked.decision != DecisionState.SUBMITTED:
            raise Conflict(
                f"This request is {asked.get_decision_display().lower()}.", kept="Nothing was changed."
            )
        stage = selectors.open_stages(person).filter(request=asked).first()
        if stage is None:
            raise NotAllowed("None of its open stages waits for your decision.", kept="Nothing was decided.")
        return stage


class RequestComments(RequestViews):
    """The conversation about a request."""

    @extend_schema(operation_id="access_comments_list", responses=shapes.CommentSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        rows: QuerySet[AccessComment] = self.get_object().comments.select_related("author")
        page = self.paginate_queryset(rows)  # type: ignore[arg-type]  # rows of another model
        return self.get_paginated_response(shapes.CommentSerializer(page, many=True).data)  # type: ignore[arg-type]

    @extend_schema(
        operation_id="access_comments_create",
        request=shapes.CommentInput,
        responses={201: shapes.CommentSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say something about it."""
        asked = self.get_object()
        said = asking.comment(
            actor=caller(request), request=asked, text=self.read(shapes.CommentInput)["text"]
        )
        return Response(shapes.CommentSerializer(said).data, status=status.HTTP_201_CREATED)

    def allowed_parameters(self) -> set[str]:
        return super().allowed_parameters() | {"page", "page_size"}


class RuleList(StrictParameters, generics.GenericAPIView[ApprovalRule]):
    """Rules of approval: who decides where."""

    serializer_class = shapes.RuleSerializer
    sort_fields = {"name": "name"}

    def get_queryset(self) -> QuerySet[ApprovalRule]:
        return visible_rules(caller(self.request))

    @extend_schema(operation_id="access_rules_list", responses=shapes.RuleSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class Prospect(StrictParameters, APIView):
    """What would come of asking."""

    query_parameters = frozenset({"port"})

    @extend_schema(
        operation_id="access_prospect",
        parameters=[OpenApiParameter("port", str, required=True, description="domain/slug/name/version")],
        responses=shapes.ProspectSerializer,
    )
    def get(self, request: Request) -> Response:
        """Before asking: who would decide about a request of the caller, by which rules, how long it takes."""
        asked = shapes.ProspectQuery(data=request.query_params.dict(), context={"request": request})
        asked.is_valid(raise_exception=True)
        port, person = asked.validated_data["port"], caller(request)
        kernel.require(person, "access.request", port)
        found = selectors.prospect_of(person, port)
        return Response(
            shapes.ProspectSerializer(
                {
                    "is_automatic": found.route.is_automatic,
                    "route": found.route.words,
                    "stages": [
                        {
                            "name": shown.stage.name,
                            "step": shown.stage.step,
                            "quorum": shown.stage.quorum,
                            "deciders": [item.username for item in shown.panel.people],
                            "falls_to": shown.panel.falls_to,
                        }
                        for shown in found.stages
                    ],
                    "usual_time": found.usual,
                    "longest_days": found.terms.longest_days,
                    "notice_days": found.terms.notice_days,
                    "provisioner": found.terms.provisioner,
                    "modes": [mode.name for mode in found.modes],
                    "plain": found.plain,
                    "columns": found.columns,
                    "contract": found.contract.words if found.contract else "",
                    "contract_digest": found.contract.digest if found.contract else "",
                }
            ).data
        )
