"""Addresses of assets."""

from django.urls import URLPattern, URLResolver

app_name = "assets"
urlpatterns: list[URLPattern | URLResolver] = []
api_urlpatterns: list[URLPattern | URLResolver] = []
