"""SCIM's media type, who may speak it, and errors in its shape."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from catalog.accounts import kernel
from catalog.accounts.models import ApiToken, User
from catalog.common.errors import Conflict, NotAllowed, NotFound, PortalError
from catalog.identity.scim.errors import ScimError


class ScimRenderer(JSONRenderer):
    """JSON under the name RFC 7644 gives it; whoever asks for plain JSON is answered too."""

    media_type = "application/scim+json"
    format = "scim"


class ScimScope(BasePermission):
    """A token with the scope `scim`, of a platform administrator or a service account; no session, no other token."""

    message = "This takes a token with the scope scim, made by a platform administrator."

    def has_permission(self, request: Request, view: Any) -> bool:
        token, user = request.auth, request.user
        if (
            not isinstance(token, ApiToken)
            or not isinstance(user, User)
            or ApiToken.Scope.SCIM not in token.scopes
        ):
            return False
        return user.is_service or kernel.can(user, "identity.administer")


def as_scim_error(error: Exception) -> ScimError | None:
    """Any expected error in SCIM's shape; None for what nobody expected."""
    if isinstance(error, ScimError):
        return error
    if isinstance(error, PortalError):
        statuses = {NotAllowed: 403, NotFound: 404, Conflict: 409}
        status = next((code for kind, code in statuses.items() if isinstance(error, kind)), 400)
        return ScimError(status, str(error), "invalidValue" if status == 400 else "")
    if isinstance(error, exceptions.ParseError):
        return ScimError(400, str(error.detail), "invalidSyntax")
    if isinstance(error, exceptions.APIException):
        return ScimError(error.status_code, str(error.detail))
    if isinstance(error, Http404):
        return ScimError(404, "There is nothing here.")
    if isinstance(error, RequestDataTooBig):
        return ScimError(413, "The request is larger than the portal accepts.", "tooLarge")
    if isinstance(error, IntegrityError):  # of two requests at one moment the second
        return ScimError(409, "Somebody else was quicker with the same name.", "uniqueness")
    return None
