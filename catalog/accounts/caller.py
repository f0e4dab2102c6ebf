"""Whom a request speaks for, as a typed person."""

from django.http import HttpRequest
from rest_framework.request import Request

from catalog.accounts.models import User
from catalog.common.errors import NotAllowed


def caller(request: HttpRequest | Request) -> User:
    """The signed-in person (or the token's). Pages and API let nobody else through; NotAllowed if one ever did."""
    if isinstance(request.user, User):
        return request.user
    raise NotAllowed("Sign in first.")
