"""The portal's addresses, and one that fails."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from meshportal.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("This page fails, whoever asks for it.")


urlpatterns = [path("failing/", fail), path("", include("meshportal.urls"))]
