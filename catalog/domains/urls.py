"""Addresses of domains."""

from django.urls import URLPattern, URLResolver, path

from catalog.domains import api, editing, views

app_name = "domains"
urlpatterns: list[URLPattern | URLResolver] = [
    path("domains/", views.index, name="list"),
    path("domains/new/", editing.new_domain, name="new"),
    path("domains/<str:slug>/", views.detail, name="detail"),
    path("domains/<str:slug>/edit/", editing.edit_domain, name="edit"),
    path("domains/<str:slug>/delete/", editing.delete_domain, name="delete"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("domains/", api.DomainList.as_view(), name="domain-list"),
    path("domains/<str:slug>/", api.DomainDetail.as_view(), name="domain-detail"),
]
