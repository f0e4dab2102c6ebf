"""Addresses of SCIM, as RFC 7644 fixes them: below /scim/v2/, without a slash at their end; with one they work too."""

from django.urls import URLPattern, URLResolver, re_path

from catalog.identity.scim import api

app_name = "scim"
ONE = r"(?P<pk>[^/]+)"
NAME = r"(?P<name>[^/]+)"
urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^Users/?$", api.People.as_view(), name="users"),
    re_path(rf"^Users/{ONE}/?$", api.Person.as_view(), name="user"),
    re_path(r"^Groups/?$", api.Groups.as_view(), name="groups"),
    re_path(rf"^Groups/{ONE}/?$", api.Group.as_view(), name="group"),
    re_path(r"^ServiceProviderConfig/?$", api.Abilities.as_view(), name="abilities"),
    re_path(r"^ResourceTypes/?$", api.ResourceTypes.as_view(), name="resource_types"),
    re_path(rf"^ResourceTypes/{NAME}/?$", api.ResourceTypes.as_view(), name="resource_type"),
    re_path(r"^Schemas/?$", api.Schemas.as_view(), name="schemas"),
    re_path(rf"^Schemas/{NAME}/?$", api.Schemas.as_view(), name="schema"),
]
