"""Addresses of what belongs to no feature."""

from django.urls import URLPattern, URLResolver, path

from catalog.common import views

app_name = "common"
urlpatterns: list[URLPattern | URLResolver] = [
    path("theme/", views.choose_theme, name="theme"),
    path("styleguide/", views.style_guide, name="styleguide"),
]
api_urlpatterns: list[URLPattern | URLResolver] = []
