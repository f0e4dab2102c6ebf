"""The address that datacontract-cli fixes, below /api/, with and without a slash at the end."""

from django.urls import URLPattern, URLResolver, path

from catalog.quality.outside import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("test-results", api.TestResults.as_view(), name="test-results"),
    path("test-results/", api.TestResults.as_view(schema=None), name="test-results-slash"),  # described once
]
