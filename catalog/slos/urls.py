"""Addresses of objectives: the list, a tab of a product, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.slos import api, exchange_api, views

app_name = "slos"
urlpatterns: list[URLPattern | URLResolver] = [
    path("slos/", views.index, name="list"),
    path("slos/<int:pk>/", views.detail, name="detail"),
    path("slos/<int:pk>/edit/", views.edit, name="edit"),
    path("slos/<int:pk>/end/", views.end, name="end"),
    path("slos/<int:pk>/resume/", views.resume, name="resume"),
    path("slos/<int:pk>/history/", views.history, name="history"),
    path("slos/<int:pk>/restore/", views.restore, name="restore"),
    path("slos/<int:pk>/delete/", views.delete, name="delete"),
    path("products/<str:domain>/<str:slug>/slos/", views.of_product, name="product"),
    path("products/<str:domain>/<str:slug>/slos/new/", views.create, name="create"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("slos/", api.SloList.as_view(), name="slo-list"),
    path("slos/<int:pk>/", api.SloDetail.as_view(), name="slo-detail"),
    path("slos/openslo/", exchange_api.OpenSlo.as_view(), name="slo-openslo"),
    path("slos/<int:pk>/history/", exchange_api.SloHistory.as_view(), name="slo-history"),
    path("slos/<int:pk>/restoration/", exchange_api.SloRestoration.as_view(), name="slo-restoration"),
    path("slos/<int:pk>/measurements/", api.SloMeasurements.as_view(), name="slo-measurements"),
]
