"""Addresses that clients of OpenLineage fix, below /api/: with and without a slash, never a redirect."""

from django.urls import URLPattern, URLResolver, path

from lineage.openlineage import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/lineage", api.LineageReceiver.as_view(), name="openlineage"),
    path("v1/lineage/", api.LineageReceiver.as_view(schema=None), name="openlineage-slash"),
    path("v1/lineage/batch", api.LineageBatchReceiver.as_view(), name="openlineage-batch"),
    path("v1/lineage/batch/", api.LineageBatchReceiver.as_view(schema=None), name="openlineage-batch-slash"),
]
