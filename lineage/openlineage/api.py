"""The addresses OpenLineage clients post to. They answer at once, with and without a slash, and never redirect."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiRequest, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts.authentication import TokenScope
from catalog.accounts.caller import caller
from catalog.accounts.models import ApiToken
from lineage.openlineage import receiving
from lineage.openlineage.reading import TooLarge, read_json
from lineage.openlineage.tasks import ring

BODY = "document"


class LineageScope(BasePermission):
    """A token needs the scope `lineage`, which allows nothing but this, or `write`."""

    message = "This token may not send lineage; make one with the scope lineage."

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        if (
            request.method == "POST"
            and isinstance(token, ApiToken)
            and ApiToken.Scope.LINEAGE in token.scopes
        ):
            return True
        return TokenScope().has_permission(request, view)


class BodyTooLarge(APIException):
    """A body, or what is packed in it, of more bytes than are taken."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than the portal accepts. Nothing was stored."


class TooManyWaiting(APIException):
    """More events wait than should."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    wait = receiving.RETRY_SECONDS


class EventParser(BaseParser):
    """The body as it is, under BODY, whatever its content type says; at most one byte more than is taken."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return {BODY: stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}


class FailedEventSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    reason = serializers.CharField()
    retriable = serializers.BooleanField()


class BatchSummarySerializer(serializers.Serializer[Any]):
    received = serializers.IntegerField()
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    retriable = serializers.IntegerField()
    non_retriable = serializers.IntegerField()


class BatchAnswerSerializer(serializers.Serializer[Any]):
    """What became of a batch, in the words of the OpenLineage API."""

    status = serializers.ChoiceField(["success", "partial_success"])
    summary = BatchSummarySerializer()
    failed_events = FailedEventSerializer(many=True)


class _Receiver(APIView):
    """What both addresses share. The portal's own back-pressure stands in for a rate per person."""

    parser_classes = (EventParser,)
    permission_classes = (IsAuthenticated, LineageScope)
    throttle_classes = ()

    def data_of(self, request: Request) -> Any:
        """The body as data. Raises Invalid or BodyTooLarge."""
        cap = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = request.data.get(BODY, b"") if isinstance(request.data, dict) else b""
        if not isinstance(body, bytes) or len(body) > cap:
            raise BodyTooLarge
        try:
            return read_json(body, request.headers.get("Content-Encoding", ""), cap)
        except TooLarge as error:
            raise BodyTooLarge from error

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, receiving.Busy):
            exc = TooManyWaiting(str(exc))
        return super().handle_exception(exc)


class LineageReceiver(_Receiver):
    """One event: of a run, a dataset or a job."""

    @extend_schema(
        operation_id="openlineage_event",
        request={"application/json": OpenApiRequest(OpenApiTypes.OBJECT)},
        responses={201: None},
    )
    def post(self, request: Request) -> Response:
        """201 when the event is kept; it shows once a worker has read it. The same event twice is once.

        400 says with paths why something is no event; 503 with Retry-After asks to send it again later.
        """
        person, token = caller(request), request.auth if isinstance(request.auth, ApiToken) else None
        receiving.require_sender(person)
        receiving.check_room()
        receiving.take_event(actor=person, data=self.data_of(request), token=token)
        ring()
        return Response(status=status.HTTP_201_CREATED)


class LineageBatchReceiver(_Receiver):
    """Up to 1,000 events at once."""

    @extend_schema(
        operation_id="openlineage_batch",
        request={"application/json": OpenApiRequest(OpenApiTypes.OBJECT)},
        responses=BatchAnswerSerializer,
    )
    def post(self, request: Request) -> Response:
        """200 says which events were not taken and why, by their place; the others are kept.

        400 when none is an event, or it is no list; 503 with Retry-After asks to send it again later.
        """
        person, token = caller(request), request.auth if isinstance(request.auth, ApiToken) else None
        receiving.require_sender(person)
        receiving.check_room()
        taken = receiving.take_batch(actor=person, data=self.data_of(request), token=token)
        ring()
        return Response(_answer(taken))


def _answer(taken: receiving.Taken) -> dict[str, Any]:
    failed = len(taken.refused)
    return {
        "status": "partial_success" if failed else "success",
        "summary": {
            "received": taken.received, "successful": taken.taken, "failed": failed, "retriable": 0,
            "non_retriable": failed,
        },
        "failed_events": [
            {"index": place, "reason": refusal.sentence, "retriable": False}
            for place, refusal in taken.refused.items()
        ],
    }  # fmt: skip
