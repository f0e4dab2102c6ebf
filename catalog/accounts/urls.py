"""Addresses of accounts: signing in, my account, people, teams."""

from django.urls import URLPattern, URLResolver, path

from catalog.accounts import api
from catalog.accounts.views import account, handover, login, machines, people, teams

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("account/login/", login.SignIn.as_view(), name="login"),
    path("account/login/demo/", login.demo_sign_in, name="demo_login"),
    path("account/logout/", login.sign_out, name="logout"),
    path("account/link/<str:secret>/", login.accept_link, name="link"),
    path("account/", account.profile, name="account"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/", account.sessions, name="sessions"),
    path("account/tokens/", account.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", account.revoke_token, name="revoke_token"),
    path("account/roles/<int:pk>/revoke/", people.revoke, name="revoke_role"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<str:username>/", people.person, name="person"),
    path("people/<str:username>/edit/", people.edit, name="edit_person"),
    path("people/<str:username>/link/", people.make_link, name="make_link"),
    path("people/<str:username>/roles/", people.grant, name="grant_role"),
    path("people/<str:username>/tokens/<int:pk>/revoke/", people.revoke_token, name="revoke_their_token"),
    path("people/<str:username>/deactivate/", people.deactivate, name="deactivate"),
    path("people/<str:username>/reactivate/", people.reactivate, name="reactivate"),
    path("people/<str:username>/handover/", handover.handover, name="handover"),
    path("teams/", teams.teams, name="teams"),
    path("teams/new/", teams.create, name="team_new"),
    path("teams/<str:slug>/", teams.team, name="team"),
    path("teams/<str:slug>/service-accounts/", machines.service_accounts, name="service_accounts"),
    path(
        "teams/<str:slug>/service-accounts/<str:username>/", machines.service_account, name="service_account"
    ),
    path(
        "teams/<str:slug>/service-accounts/<str:username>/tokens/<int:pk>/revoke/",
        machines.revoke_service_token,
        name="revoke_service_token",
    ),
    path(
        "teams/<str:slug>/service-accounts/<str:username>/end/",
        machines.end_service_account,
        name="end_service_account",
    ),
    path("teams/<str:slug>/people/", teams.people, name="team_people"),
    path("teams/<str:slug>/edit/", teams.edit, name="team_edit"),
    path("teams/<str:slug>/move/", teams.move, name="team_move"),
    path("teams/<str:slug>/members/", teams.add_member, name="add_member"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", api.Me.as_view(), name="me"),
    path("me/tokens/", api.MyTokens.as_view(), name="my_tokens"),
    path("me/tokens/<int:pk>/", api.MyToken.as_view(), name="my_token"),
    path("teams/", api.Teams.as_view(), name="teams"),
    path("teams/<str:slug>/", api.TeamDetail.as_view(), name="team"),
    path("teams/<str:slug>/roles/", api.TeamRoles.as_view(), name="team_roles"),
    path("people/", api.People.as_view(), name="people"),
    path("people/<str:username>/", api.PersonDetail.as_view(), name="person"),
    path("people/<str:username>/roles/", api.PersonRoles.as_view(), name="person_roles"),
    path("people/<str:username>/roles/<int:pk>/", api.PersonRole.as_view(), name="person_role"),
    path("people/<str:username>/<str:action>/", api.PersonState.as_view(), name="person_state"),
]
