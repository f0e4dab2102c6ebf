"""Addresses of search."""

from django.urls import URLPattern, URLResolver, path

from catalog.search import api, views
from catalog.search.home import home

app_name = "search"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("search/", views.results, name="results"),
    path("search/suggest/", views.suggestions, name="suggest"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("search/", api.Search.as_view(), name="search"),
    path("search/suggest/", api.Suggest.as_view(), name="search-suggest"),
]
