"""Addresses of the audit trail."""

from django.urls import URLPattern, URLResolver, path

from catalog.audit import views

app_name = "audit"
urlpatterns: list[URLPattern | URLResolver] = [path("audit/", views.index, name="list")]
api_urlpatterns: list[URLPattern | URLResolver] = []
