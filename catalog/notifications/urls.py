"""Addresses of notifications: the list behind the bell, how one wants to hear of things, and the API."""

from django.urls import URLPattern, URLResolver, path

from catalog.notifications import api, told_api, told_views, views
from catalog.notifications.webhooks import urls as webhooks

app_name = "notifications"
urlpatterns: list[URLPattern | URLResolver] = [
    path("notifications/", views.index, name="list"),
    path("notifications/read/", views.read, name="read"),
    path("notifications/watch/", views.watch, name="watch"),
    path("notifications/watched/<int:pk>/stop/", views.unwatch, name="unwatch"),
    path("notifications/unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("notifications/told/", told_views.index, name="told"),
    path("notifications/told/<int:pk>/", told_views.detail, name="told_one"),
    path("notifications/<int:pk>/", views.follow, name="open"),
    path("account/notifications/", views.preferences, name="preferences"),
    *webhooks.urlpatterns,
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("notifications/", api.NotificationList.as_view(), name="notifications"),
    path("notifications/read/", api.NotificationsRead.as_view(), name="notifications_read"),
    path("notifications/told/", told_api.ChangeList.as_view(), name="notifications_told"),
    path("notifications/told/<int:pk>/", told_api.ChangeSeen.as_view(), name="notifications_told_one"),
    path("subscriptions/", api.SubscriptionList.as_view(), name="subscriptions"),
    path("subscriptions/<int:pk>/", api.SubscriptionDetail.as_view(), name="subscription"),
    *webhooks.api_urlpatterns,
]
