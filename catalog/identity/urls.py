"""Addresses of identity: signing in through the provider, second factors, their administration, SCIM."""

from django.urls import URLPattern, URLResolver, path

from catalog.identity.views import administration, factor, sign_in

app_name = "identity"
urlpatterns: list[URLPattern | URLResolver] = [
    path("identity/login/", sign_in.login, name="login"),
    path("identity/callback/", sign_in.callback, name="callback"),
    path("identity/logout/", sign_in.logout, name="logout"),
    path("identity/challenge/", factor.challenge, name="challenge"),
    path("identity/second-factor/", factor.second_factor, name="second_factor"),
    path("identity/", administration.overview, name="overview"),
    path("identity/rules/<int:pk>/delete/", administration.delete_rule, name="delete_rule"),
    path("identity/people/<str:username>/", administration.person, name="person"),
    path("identity/people/<str:username>/unlink/", administration.unlink, name="unlink"),
    path(
        "identity/people/<str:username>/second-factor/remove/",
        administration.remove_factor,
        name="remove_factor",
    ),
]
api_urlpatterns: list[URLPattern | URLResolver] = []
