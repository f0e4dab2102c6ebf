"""The conversation in the REST API."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import StrictParameters
from catalog.discussions import selectors, services
from catalog.discussions import serializers as shapes
from catalog.discussions.models import Announcement, Answer, Question


class QuestionFilter(filters.FilterSet):  # type: ignore[misc]  # untyped base
    """`?product=listening/play-events&state=open&kind=problem`"""

    product = filters.CharFilter(method="of_product", label="Product, as domain/slug", max_length=300)
    state = filters.ChoiceFilter(
        choices=[("open", "open"), ("answered", "answered")], method="in_state", label="State"
    )
    kind = filters.ChoiceFilter(choices=Question.Kind.choices)

    class Meta:
        model = Question
        fields: list[str] = []

    def of_product(self, rows: Any, _name: str, value: str) -> Any:
        domain, _, slug = value.partition("/")
        return rows.filter(product__domain__slug=domain, product__slug=slug)

    def in_state(self, rows: Any, _name: str, value: str) -> Any:
        return rows.open() if value == "open" else rows.shown().exclude(accepted=None)


class QuestionViews(StrictParameters, generics.GenericAPIView[Question]):
    """What the list and the single question share."""

    serializer_class = shapes.QuestionSerializer

    def get_queryset(self) -> QuerySet[Question]:
        return selectors.questions_for(caller(self.request))

    def read(self, shape: Any) -> dict[str, Any]:
        data = shape(data=self.request.data, context=self.get_serializer_context())
        data.is_valid(raise_exception=True)
        return dict(data.validated_data)

    def question(self, pk: int) -> Question:
        return selectors.question_or_404(caller(self.request), pk)

    def answer(self, pk: int, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(self.question(pk)).data, status=code)


class QuestionList(QuestionViews):
    """Questions at products the caller may see."""

    filterset_class = QuestionFilter
    sort_fields = {"id": "pk", "created_at": "created_at"}
    default_sort = "-id"

    @extend_schema(operation_id="questions_list", responses=shapes.QuestionSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="questions_create",
        request=shapes.QuestionInput,
        responses={201: shapes.QuestionSerializer},
    )
    def post(self, request: Request) -> Response:
        """Ask about a product, a port or a column, or tell of a problem."""
        given = self.read(shapes.QuestionInput)
        made = services.ask_question(actor=caller(request), **given)
        return self.answer(made.pk, status.HTTP_201_CREATED)


class QuestionDetail(QuestionViews):
    """One question."""

    @extend_schema(operation_id="questions_read", responses=shapes.QuestionSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(pk)

    @extend_schema(
        operation_id="questions_edit", request=shapes.WordsInput, responses=shapes.QuestionSerializer
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Say it better: one's own words; what was said before is kept."""
        found = self.question(pk)
        kernel.require(caller(request), "question.edit", found, "These are somebody else's words.")
        given = self.read(shapes.WordsInput)
        services.edit_words(
            actor=caller(request),
            words=found,
            text=given.get("text", found.text),
            title=given.get("title", ""),
        )
        return self.answer(pk)

    @extend_schema(operation_id="questions_remove", parameters=[shapes.REASON], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it away: one's own, or to keep order with a reason."""
        reason = request.query_params.get("reason", "")
        services.remove_words(actor=caller(request), words=self.question(pk), reason=reason)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def allowed_parameters(self) -> set[str]:
        return super().allowed_parameters() | {"reason"}


class AnswerDetail(StrictParameters, generics.GenericAPIView[Answer]):
    """One answer."""

    serializer_class = shapes.AnswerSerializer
    query_parameters = frozenset({"reason"})

    @extend_schema(operation_id="answers_edit", request=shapes.AnswerInput, responses=shapes.AnswerSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Say it better: one's own words; what was said before is kept."""
        person = caller(request)
        found = selectors.answer_or_404(person, pk)
        kernel.require(person, "question.edit", found, "These are somebody else's words.")
        data = shapes.AnswerInput(data=request.data)
        data.is_valid(raise_exception=True)
        services.edit_words(actor=person, words=found, text=data.validated_data["text"])
        return Response(self.get_serializer(selectors.answer_or_404(person, pk)).data)

    @extend_schema(operation_id="answers_remove", parameters=[shapes.REASON], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it away: one's own, or to keep order with a reason."""
        person = caller(request)
        reason = request.query_params.get("reason", "")
        services.remove_words(actor=person, words=selectors.answer_or_404(person, pk), reason=reason)
        return Response(status=status.HTTP_204_NO_CONTENT)


class QuestionAnswers(QuestionViews):
    """The answers to a question."""

    @extend_schema(operation_id="answers_list", responses=shapes.AnswerSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        rows: Any = self.question(pk).answers.select_related("author")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(shapes.AnswerSerializer(page, many=True).data)

    @extend_schema(
        operation_id="answers_create",
        request=shapes.AnswerInput,
        responses={201: shapes.AnswerSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Answer it."""
        found = self.question(pk)
        kernel.require(caller(request), "question.answer", found)
        said = services.answer_question(
            actor=caller(request), question=found, text=self.read(shapes.AnswerInput)["text"]
        )
        return Response(shapes.AnswerSerializer(said).data, status=status.HTTP_201_CREATED)

    def allowed_parameters(self) -> set[str]:
        return super().allowed_parameters() | {"page", "page_size"}


class QuestionAccepted(QuestionViews):
    """Which answer is the right one."""

    @extend_schema(
        operation_id="questions_accept", request=shapes.AcceptedInput, responses=shapes.QuestionSerializer
    )
    def put(self, request: Request, pk: int) -> Response:
        """Accept an answer, or none."""
        found, person = self.question(pk), caller(request)
        kernel.require(person, "question.settle", found)
        number = self.read(shapes.AcceptedInput)["answer"]
        answer = selectors.answer_or_404(person, number) if number else None
        services.accept_answer(actor=person, question=found, answer=answer)
        return self.answer(pk)


class AnnouncementFilter(QuestionFilter):
    """`?product=listening/play-events`"""

    state = None
    kind = None

    class Meta:
        model = Announcement
        fields: list[str] = []


class AnnouncementList(StrictParameters, generics.GenericAPIView[Announcement]):
    """What owners tell now about products the caller may see."""

    serializer_class = shapes.AnnouncementSerializer
    filterset_class = AnnouncementFilter
    sort_fields = {"id": "pk"}
    default_sort = "-id"

    def get_queryset(self) -> QuerySet[Announcement]:
        rows = Announcement.objects.visible_to(caller(self.request)).current(timezone.now().date())
        return rows.select_related("product__domain", "author")

    @extend_schema(operation_id="announcements_list", responses=shapes.AnnouncementSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="announcements_create",
        request=shapes.AnnouncementInput,
        responses={201: shapes.AnnouncementSerializer},
    )
    def post(self, request: Request) -> Response:
        """Tell everybody who looks at a product something, until a day."""
        shape = shapes.AnnouncementInput(data=request.data, context={"request": request})
        shape.is_valid(raise_exception=True)
        made = services.announce(actor=caller(request), **shape.validated_data)
        return Response(shapes.AnnouncementSerializer(made).data, status=status.HTTP_201_CREATED)
