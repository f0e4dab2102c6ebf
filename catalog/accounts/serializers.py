"""The shapes of people, teams, roles and tokens over REST."""

from typing import Any

from rest_framework import serializers

from catalog.accounts.models import ApiToken, Membership, Role, Team, User
from catalog.accounts.services.tokens import DEFAULT_DAYS, MAXIMUM_DAYS
from catalog.common.serializers import StrictSerializer, VisibleSlugField


class RoleSerializer(serializers.ModelSerializer[Membership]):
    """A role of a person; `team` is null for the roles that hold in the whole mesh."""

    person = serializers.CharField(source="user.username", read_only=True)
    name = serializers.CharField(source="user.__str__", read_only=True)
    team: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "person", "name", "role", "team", "created_at")


class RoleGrant(StrictSerializer):
    role = serializers.ChoiceField(choices=Role.choices)
    team = VisibleSlugField(Team, allow_null=True, default=None)


class MeSerializer(serializers.ModelSerializer[User]):
    """The caller."""

    roles = RoleSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = User
        fields = ("username", "name", "email", "time_zone", "roles", "revision")
        read_only_fields = ("username", "roles", "revision")


class PersonSerializer(serializers.ModelSerializer[User]):
    """A person as administrators see them."""

    roles = RoleSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = User
        fields = (
            "username",
            "name",
            "email",
            "time_zone",
            "roles",
            "is_active",
            "deactivated_at",
            "created_at",
            "revision",
        )
        read_only_fields = fields


class InvitationSerializer(StrictSerializer):
    username = serializers.CharField(max_length=150)
    name = serializers.CharField(max_length=150, default="", allow_blank=True)
    email = serializers.EmailField(default="", allow_blank=True)
    time_zone = serializers.CharField(max_length=64, default="UTC")


class ProfileChange(StrictSerializer):
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=64, required=False)


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token without its secret."""

    scopes: Any = serializers.ListField(child=serializers.ChoiceField(choices=ApiToken.Scope.choices))

    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
        read_only_fields = fields


class TokenWish(StrictSerializer):
    """A token to be made; `days` is how long it lives."""

    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=ApiToken.Scope.choices), default=lambda: ["read"]
    )
    days = serializers.IntegerField(default=DEFAULT_DAYS, min_value=1, max_value=MAXIMUM_DAYS)


class TeamSerializer(serializers.ModelSerializer[Team]):
    """A team; `parent` is the slug of the team above, null at the top."""

    parent: Any = serializers.SerializerMethodField()

    class Meta:
        model = Team
        fields = (
            "slug",
            "name",
            "description",
            "email",
            "channel",
            "parent",
            "depth",
            "created_at",
            "updated_at",
            "revision",
        )

    def get_parent(self, team: Team) -> str | None:
        parents: dict[str, str] = self.context.get("parents", {})
        return parents.get(team.path[: -Team.steplen])


class TeamWish(StrictSerializer):
    """What can be said of a team; `parent` moves it."""

    name = serializers.CharField(max_length=120)
    slug = serializers.CharField(max_length=120, required=False, allow_blank=True)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    channel = serializers.CharField(max_length=200, required=False, allow_blank=True)
    parent: Any = VisibleSlugField(Team, allow_null=True, required=False)
