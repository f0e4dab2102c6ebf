"""Every address of the portal: feature pages, the REST API, health."""

from django.urls import URLPattern, URLResolver, include, path

import catalog.urls
import lineage.compat_urls
import lineage.urls
from meshportal import health, metrics, operations

COMPAT = [*catalog.urls.compat_urlpatterns, *lineage.compat_urls.urlpatterns]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("operations/", operations.operations, name="operations"),
    path("api/", include((COMPAT, "compat"))),
    path("api/v1/", include("meshportal.api.urls")),
    path("scim/v2/", include("catalog.identity.scim.urls")),
    path("", include("catalog.urls")),
    path("", include((lineage.urls.urlpatterns, lineage.urls.app_name))),
]

handler400 = "meshportal.errors.bad_request"
handler403 = "meshportal.errors.permission_denied"
handler404 = "meshportal.errors.page_not_found"
handler500 = "meshportal.errors.server_error"
