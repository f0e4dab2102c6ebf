"""Addresses of schemas: a tab of a product, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.schemas import api, views

app_name = "schemas"
urlpatterns: list[URLPattern | URLResolver] = [
    path("products/<str:domain>/<str:slug>/schema/", views.fields, name="fields"),
    path("products/<str:domain>/<str:slug>/schema/field/", views.annotate, name="annotate"),
    path("products/<str:domain>/<str:slug>/schema/history/", views.history, name="history"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("products/<str:domain>/<str:slug>/schema/", api.ProductSchema.as_view(), name="product-schema"),
    path(
        "products/<str:domain>/<str:slug>/ports/<str:name>/<str:version>/definition/",
        api.PortDefinition.as_view(),
        name="port-definition",
    ),
]
