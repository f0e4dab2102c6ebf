"""Addresses of events: the API alone; pages show them where they belong."""

from django.urls import URLPattern, URLResolver, path

from catalog.events import api

app_name = "events"
urlpatterns: list[URLPattern | URLResolver] = []
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("events/", api.Feed.as_view(), name="events"),
    path("events/types/", api.Types.as_view(), name="event-types"),
]
