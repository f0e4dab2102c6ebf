"""ETag and If-Match for objects with a `revision`, so that two editors do not overwrite each other (RFC 9110, 13.1)."""

from typing import Any

from django.db.models import Model
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.common.errors import Invalid, PreconditionRequired, Problem, StaleRevision


def etag_of(instance: Any) -> str:
    """A strong entity tag of the object's present revision: `"product-12-4"`."""
    return f'"{instance._meta.model_name}-{instance.pk}-{instance.revision}"'


def expected_revision(request: Request, instance: Any) -> int | None:
    """The revision the caller means to change, read from If-Match; None for `If-Match: *`.

    Raises PreconditionRequired (428) without the header, StaleRevision (412) when no tag in it is the present one,
    Invalid when it is not a list of entity tags. Pass the result on to the service: it compares again inside the
    transaction.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired(
            "A change must say which revision it is made from.",
            kept="Nothing was changed.",
            remedy="Read the object, then send its ETag back in the header If-Match.",
        )
    if header == "*":
        return None
    tags = [part.strip() for part in header.split(",")]
    if not all(len(tag.removeprefix("W/")) >= 2 and tag.endswith('"') for tag in tags):
        raise Invalid(
            "The header If-Match is not a list of entity tags.",
            problems=[
                Problem("If-Match", "entity_tag", 'Use the ETag as it was sent, such as "product-12-4".')
            ],
        )
    if etag_of(instance) not in tags:  # weak tags never match a strong comparison
        raise StaleRevision(
            "The object was changed since it was read.",
            kept="Nothing was changed.",
            remedy="Read it again, bring the changes together and send the new ETag.",
        )
    return int(instance.revision)


class RevisionTagMixin:
    """Mixin before a DRF view: answers that serialize one object with a revision carry its ETag.

    GET honours If-None-Match (304). Writing actions call `self.expected_revision(instance)` before the service.
    """

    request: Any  # as APIView declares it
    _tagged: Model | None = None

    def get_object(self) -> Any:
        instance = super().get_object()  # type: ignore[misc]  # a mixin: GenericAPIView stands behind it
        self._tagged = instance
        return instance

    def tag(self, instance: Any) -> None:
        """Name the object whose ETag the answer carries, after it was written or made."""
        self._tagged = instance

    def expected_revision(self, instance: Any) -> int | None:
        return expected_revision(self.request, instance)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        instance = self._tagged
        if instance is None or not hasattr(instance, "revision") or not 200 <= answer.status_code < 300:
            return answer
        if answer.status_code == 204:
            return answer
        answer["ETag"] = tag = etag_of(instance)
        asked = [
            part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")
        ]
        if request.method in ("GET", "HEAD") and (tag in asked or "*" in asked):
            answer.status_code = 304
            answer.data = None
        return answer
