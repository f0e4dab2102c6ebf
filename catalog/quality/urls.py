"""Addresses of checks: the list, a tab of a product, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.quality import api, views

app_name = "quality"
urlpatterns: list[URLPattern | URLResolver] = [
    path("quality/", views.index, name="list"),
    path("quality/<int:pk>/", views.detail, name="detail"),
    path("quality/<int:pk>/edit/", views.edit, name="edit"),
    path("quality/<int:pk>/end/", views.end, name="end"),
    path("quality/<int:pk>/resume/", views.resume, name="resume"),
    path("quality/<int:pk>/delete/", views.delete, name="delete"),
    path("products/<str:domain>/<str:slug>/quality/", views.of_product, name="product"),
    path("products/<str:domain>/<str:slug>/quality/new/", views.create, name="create"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("quality/checks/", api.CheckList.as_view(), name="quality-check-list"),
    path("quality/checks/<int:pk>/", api.CheckDetail.as_view(), name="quality-check-detail"),
    path("quality/checks/<int:pk>/results/", api.CheckResults.as_view(), name="quality-check-results"),
]
