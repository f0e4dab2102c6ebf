"""Addresses of incidents: the list, a tab of a product, status pages, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.incidents import api, status_views, views

app_name = "incidents"
urlpatterns: list[URLPattern | URLResolver] = [
    path("incidents/", views.index, name="list"),
    path("incidents/<int:pk>/", views.detail, name="detail"),
    path("incidents/<int:pk>/events/", views.act, name="act"),
    path("incidents/status/<str:domain>/", status_views.of_domain, name="status-domain"),
    path("incidents/status/<str:domain>/<str:slug>/", status_views.of_product, name="status"),
    path("incidents/status/<str:domain>/<str:slug>/public/", status_views.publish, name="status-public"),
    path("products/<str:domain>/<str:slug>/incidents/", views.of_product, name="product"),
    path("products/<str:domain>/<str:slug>/incidents/new/", views.report, name="report"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("incidents/", api.IncidentList.as_view(), name="incident-list"),
    path("incidents/<int:pk>/", api.IncidentDetail.as_view(), name="incident-detail"),
    path("incidents/<int:pk>/events/", api.IncidentEvents.as_view(), name="incident-events"),
]
