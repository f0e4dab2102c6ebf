"""Everything below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

import catalog.urls
import lineage.urls
from meshportal.api import views

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.Entrance.as_view(), name="entrance"),
    path("schema/", views.Schema.as_view(), name="schema"),
    path("docs/", views.documentation, name="docs"),
    *catalog.urls.api_urlpatterns,
    *lineage.urls.api_urlpatterns,
]
