"""Addresses of objectives: the list, a tab of a product, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.slos import api, views

app_name = "slos"
urlpatterns: list[URLPattern | URLResolver] = [
    path("slos/", views.index, name="list"),
    path("slos/<int:pk>/", views.detail, name="detail"),
    path("slos/<int:pk>/edit/", views.edit, name="edit"),
    path("slos/<int:pk>/end/", views.end, name="end"),
    path("slos/<int:pk>/resume/", views.resume, name="resume"),
    path("slos/<int:pk>/delete/", views.delete, name="delete"),
    path("products/<str:domain>/<str:slug>/slos/", views.of_product, name="product"),
    path("products/<str:domain>/<str:slug>/slos/new/", views.create, name="create"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("slos/", api.SloList.as_view(), name="slo-list"),
    path("slos/<int:pk>/", api.SloDetail.as_view(), name="slo-detail"),
    path("slos/<int:pk>/measurements/", api.SloMeasurements.as_view(), name="slo-measurements"),
]
