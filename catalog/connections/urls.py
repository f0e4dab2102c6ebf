"""Addresses of connections."""

from django.urls import URLPattern, URLResolver, path

from catalog.connections import api, views

app_name = "connections"
urlpatterns: list[URLPattern | URLResolver] = [
    path("connections/", views.index, name="list"),
    path("connections/new/", views.choose_kind, name="new"),
    path("connections/new/<str:kind>/", views.create, name="create"),
    path("connections/checks/<int:pk>/", views.check, name="check"),
    path("connections/checks/<int:pk>/save/", views.save, name="save"),
    path("connections/<str:slug>/", views.detail, name="detail"),
    path("connections/<str:slug>/edit/", views.edit, name="edit"),
    path("connections/<str:slug>/test/", views.test, name="test"),
    path("connections/<str:slug>/pause/", views.pause, name="pause"),
    path("connections/<str:slug>/resume/", views.resume, name="resume"),
    path("connections/<str:slug>/delete/", views.delete, name="delete"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("connections/", api.ConnectionList.as_view(), name="connection-list"),
    path("connections/checks/<int:pk>/", api.CheckDetail.as_view(), name="connection-check-detail"),
    path("connections/<str:slug>/", api.ConnectionDetail.as_view(), name="connection-detail"),
    path("connections/<str:slug>/check/", api.ConnectionChecks.as_view(), name="connection-check"),
]
