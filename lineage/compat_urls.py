"""Addresses that clients of lineage fix, below /api/: with and without a slash at the end, never a redirect.

Clients post and read at one of them: `v1/lineage` takes events and answers with the graph.
"""

from django.urls import URLPattern, URLResolver, path

from lineage.marquez import api as marquez
from lineage.openlineage import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/lineage", marquez.Lineage.as_view(), name="openlineage"),
    path("v1/lineage/", marquez.Lineage.as_view(schema=None), name="openlineage-slash"),
    path("v1/lineage/batch", api.LineageBatchReceiver.as_view(), name="openlineage-batch"),
    path("v1/lineage/batch/", api.LineageBatchReceiver.as_view(schema=None), name="openlineage-batch-slash"),
    path("v1/column-lineage", marquez.ColumnLineage.as_view(), name="column-lineage"),
    path("v1/column-lineage/", marquez.ColumnLineage.as_view(schema=None), name="column-lineage-slash"),
    path("v1/events/lineage", marquez.Events.as_view(), name="events"),
    path("v1/events/lineage/", marquez.Events.as_view(schema=None), name="events-slash"),
    path("v1/namespaces", marquez.Namespaces.as_view(), name="namespaces"),
    path("v1/namespaces/", marquez.Namespaces.as_view(schema=None), name="namespaces-slash"),
    path("v1/namespaces/<path:path>", marquez.InNamespace.as_view(), name="in-namespace"),
    path("v1/sources", marquez.Sources.as_view(), name="sources"),
    path("v1/sources/", marquez.Sources.as_view(schema=None), name="sources-slash"),
    path("v1/sources/<path:name>", marquez.SourceByName.as_view(), name="source"),
    path("v1/tags", marquez.Tags.as_view(), name="tags"),  # with a slash they are the portal's own
    path("v1/jobs/runs/<path:key>", marquez.RunById.as_view(), name="run"),
    path("v1/search", marquez.Search.as_view(), name="search"),  # with a slash it is the portal's own
]
