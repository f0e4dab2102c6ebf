"""REST: the caller, their tokens, teams, people (for administrators) and roles."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import generics, permissions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts import kernel, services
from catalog.accounts.authentication import SessionOnly
from catalog.accounts.caller import caller
from catalog.accounts.filters import PersonFilter, TeamFilter
from catalog.accounts.models import ApiToken, Membership, Team, User
from catalog.accounts.serializers import (
    InvitationSerializer,
    MeSerializer,
    PersonSerializer,
    ProfileChange,
    RoleGrant,
    RoleSerializer,
    TeamSerializer,
    TeamWish,
    TokenSerializer,
    TokenWish,
)
from catalog.common.api import StrictParameters
from catalog.common.etag import RevisionTagMixin


def _with_roles(people: QuerySet[User]) -> QuerySet[User]:
    roles = Membership.objects.select_related("team", "user").order_by("role", "pk")
    return people.prefetch_related(Prefetch("memberships", roles))


def _valid(serializer: type[Any], request: Request, *, partial: bool = False) -> dict[str, Any]:
    wish = serializer(data=request.data, partial=partial, context={"request": request})
    wish.is_valid(raise_exception=True)
    return dict(wish.validated_data)


class Me(StrictParameters, RevisionTagMixin, generics.GenericAPIView[User]):
    """Who the caller is, and what they may say of themselves."""

    serializer_class = MeSerializer
    pagination_class = None

    def get_object(self) -> User:
        self._tagged = person = get_object_or_404(_with_roles(User.objects.all()), pk=self.request.user.pk)
        return person

    def get(self, request: Request) -> Response:
        return Response(MeSerializer(self.get_object()).data)

    @extend_schema(request=ProfileChange, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        person = self.get_object()
        services.edit_person(
            actor=caller(request),
            person=person,
            expected_revision=self.expected_revision(person),
            **_valid(ProfileChange, request, partial=True),
        )
        return Response(MeSerializer(self.get_object()).data)


class MyTokens(StrictParameters, generics.ListAPIView[ApiToken]):
    """The caller's tokens. Making one needs a browser's session: a stolen token cannot renew itself."""

    queryset = ApiToken.objects.none()
    serializer_class = TokenSerializer
    sort_fields = {"created_at": "created_at", "name": "name", "expires_at": "expires_at"}
    default_sort = "-created_at"

    def get_permissions(self) -> list[Any]:
        extra = [SessionOnly()] if self.request.method == "POST" else []
        return [*super().get_permissions(), *extra]

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=caller(self.request))

    @extend_schema(request=TokenWish, responses={201: TokenSerializer})
    def post(self, request: Request) -> Response:
        """The answer's `token` is the secret, shown this once."""
        person = caller(request)
        token, secret = services.create_token(actor=person, person=person, **_valid(TokenWish, request))
        answer = Response(TokenSerializer(token).data | {"token": secret}, status=status.HTTP_201_CREATED)
        answer["Cache-Control"] = "no-store"
        return answer


class MyToken(StrictParameters, APIView):
    """One of the caller's tokens."""

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke it."""
        person = caller(request)
        token = get_object_or_404(ApiToken.objects.select_related("user"), pk=pk, user=person)
        services.revoke_token(actor=person, token=token)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamView(StrictParameters, RevisionTagMixin, generics.GenericAPIView[Team]):
    """Teams the caller may see, each with the slug of the one above."""

    queryset = Team.objects.none()
    serializer_class = TeamSerializer

    def get_queryset(self) -> QuerySet[Team]:
        return Team.objects.visible_to(caller(self.request))

    def shown(self, teams: list[Team]) -> list[Any]:
        above = {team.path[: -Team.steplen] for team in teams} - {""}
        parents = dict(Team.objects.filter(path__in=above).values_list("path", "slug"))
        return list(TeamSerializer(teams, many=True, context={"parents": parents}).data)


class Teams(TeamView, generics.ListAPIView[Team]):
    """Every team, for members of the mesh; others get an empty list."""

    filterset_class = TeamFilter
    sort_fields = {"name": "name", "slug": "slug", "tree": "path", "updated_at": "updated_at"}
    default_sort = "tree"

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.shown(list(page or [])))

    @extend_schema(request=TeamWish, responses={201: TeamSerializer})
    def post(self, request: Request) -> Response:
        wish = _valid(TeamWish, request)
        team = services.create_team(actor=caller(request), parent=wish.pop("parent", None), **wish)
        self.tag(team)
        answer = Response(self.shown([team])[0], status=status.HTTP_201_CREATED)
        answer["Location"] = reverse("api:team", args=[team.slug])
        return answer


class TeamDetail(TeamView):
    """One team."""

    lookup_field = "slug"

    def get(self, request: Request, slug: str) -> Response:
        return Response(self.shown([self.get_object()])[0])

    @extend_schema(request=TeamWish, responses=TeamSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change it, with If-Match; `parent` moves it (null: to the top)."""
        team = self.get_object()
        expected = self.expected_revision(team)
        wish = _valid(TeamWish, request, partial=True)
        moves, parent = "parent" in wish, wish.pop("parent", None)
        team = services.change_team(
            actor=caller(request), team=team, expected_revision=expected, moves=moves, parent=parent, **wish
        )
        self.tag(team)
        return Response(self.shown([team])[0])


class TeamRoles(StrictParameters, generics.ListAPIView[Membership]):
    """The roles people hold in a team itself (roles held above hold here too)."""

    queryset = Membership.objects.none()
    serializer_class = RoleSerializer
    sort_fields = {"person": "user__username", "role": "role", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[Membership]:
        team = get_object_or_404(Team.objects.visible_to(caller(self.request)), slug=self.kwargs["slug"])
        return Membership.objects.filter(team=team, user__is_active=True).select_related("user", "team")


class ForAdministrators(permissions.BasePermission):
    """People over REST are for platform administrators, as the page is."""

    message = "Only platform administrators see and change people."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User) and kernel.can(request.user, "person.list")


class PeopleView(StrictParameters, RevisionTagMixin, generics.GenericAPIView[User]):
    """What every view of people shares."""

    queryset = User.objects.none()
    serializer_class = PersonSerializer
    lookup_field = "username"

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), ForAdministrators()]

    def get_queryset(self) -> QuerySet[User]:
        return _with_roles(User.objects.visible_to(caller(self.request)))


class People(PeopleView, generics.ListAPIView[User]):
    """Everybody with an account."""

    filterset_class = PersonFilter
    sort_fields = {
        "username": "username",
        "name": "name",
        "created_at": "created_at",
    }
    default_sort = "username"

    @extend_schema(request=InvitationSerializer, responses={201: PersonSerializer})
    def post(self, request: Request) -> Response:
        """Invite somebody: `link` in the answer is the one-time address, shown this once."""
        person, secret = services.invite_person(
            actor=caller(request), **_valid(InvitationSerializer, request)
        )
        link = request.build_absolute_uri(reverse("accounts:link", args=[secret]))
        answer = Response(PersonSerializer(person).data | {"link": link}, status=status.HTTP_201_CREATED)
        answer["Location"] = reverse("api:person", args=[person.username])
        answer["Cache-Control"] = "no-store"
        return answer


class PersonDetail(PeopleView, generics.RetrieveAPIView[User]):
    """One person."""

    @extend_schema(request=ProfileChange, responses=PersonSerializer)
    def patch(self, request: Request, username: str) -> Response:
        """Change name, e-mail or time zone, with If-Match."""
        person = self.get_object()
        services.edit_person(
            actor=caller(request),
            person=person,
            expected_revision=self.expected_revision(person),
            **_valid(ProfileChange, request, partial=True),
        )
        return Response(PersonSerializer(self.get_object()).data)


class PersonState(PeopleView):
    """`deactivate` and `reactivate`: both may be repeated without harm."""

    @extend_schema(operation_id="people_change_state", request=None, responses=PersonSerializer)
    def post(self, request: Request, username: str, action: str) -> Response:
        if action not in ("deactivate", "reactivate"):
            raise Http404
        change = services.deactivate_person if action == "deactivate" else services.reactivate_person
        change(actor=caller(request), person=self.get_object())
        return Response(PersonSerializer(self.get_object()).data)


class PersonRoles(PeopleView):
    """The roles of one person."""

    pagination_class = None
    filter_backends = []

    @extend_schema(operation_id="people_roles_list", responses=RoleSerializer(many=True))
    def get(self, request: Request, username: str) -> Response:
        return Response(RoleSerializer(self.get_object().memberships.all(), many=True).data)

    @extend_schema(request=RoleGrant, responses={201: RoleSerializer})
    def post(self, request: Request, username: str) -> Response:
        made = services.grant_role(
            actor=caller(request), person=self.get_object(), **_valid(RoleGrant, request)
        )
        return Response(RoleSerializer(made).data, status=status.HTTP_201_CREATED)


class PersonRole(PeopleView):
    """One role of one person."""

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, username: str, pk: int) -> Response:
        """Revoke it."""
        role = get_object_or_404(
            Membership.objects.select_related("user", "team"), pk=pk, user=self.get_object()
        )
        services.revoke_role(actor=caller(request), membership=role)
        return Response(status=status.HTTP_204_NO_CONTENT)
