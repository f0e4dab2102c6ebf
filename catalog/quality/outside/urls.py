"""Addresses of results of other tools, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from catalog.quality.outside import api

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("quality/results/", api.OutsideResults.as_view(), name="quality-results"),
]
