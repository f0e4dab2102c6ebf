"""Addresses of webhooks: a part of one's account, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.notifications.webhooks import api, views

PLACE = "account/webhooks"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{PLACE}/", views.index, name="webhooks"),
    path(f"{PLACE}/<int:pk>/", views.detail, name="webhook"),
    path(f"{PLACE}/<int:pk>/edit/", views.edit, name="webhook_edit"),
    path(f"{PLACE}/<int:pk>/secret/", views.rotate, name="webhook_secret"),
    path(f"{PLACE}/<int:pk>/switch/", views.switch, name="webhook_switch"),
    path(f"{PLACE}/<int:pk>/test/", views.test, name="webhook_test"),
    path(f"{PLACE}/<int:pk>/replay/", views.replay, name="webhook_replay"),
    path(f"{PLACE}/<int:pk>/delete/", views.delete, name="webhook_delete"),
]
ONE = "webhooks/<int:pk>"
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/", api.WebhookList.as_view(), name="webhooks"),
    path(f"{ONE}/", api.WebhookDetail.as_view(), name="webhook"),
    path(f"{ONE}/secret/", api.WebhookSecret.as_view(), name="webhook-secret"),
    path(f"{ONE}/test/", api.WebhookTest.as_view(), name="webhook-test"),
    path(f"{ONE}/replay/", api.WebhookReplay.as_view(), name="webhook-replay"),
    path(f"{ONE}/deliveries/", api.DeliveryList.as_view(), name="webhook-deliveries"),
]
