"""People, teams and the roles people have in them; tokens for machines; one-time links; sessions."""

import unicodedata
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from treebeard.mp_tree import MP_Node, MP_NodeManager

from catalog.common.models import TimestampedModel

username_validator = RegexValidator(
    r"^(?!invite\Z)\w[\w.@+-]*\Z",
    "Use letters, digits and . @ + - _ only, a letter or digit first.",
    "username",
)  # `/people/invite/` is a page


def fold_username(text: str) -> str:
    """The form in which a username is kept and compared: Unicode NFKC, without capitals (`Ümit` is `ümit`).

    Two spellings that a person would read as the same name are one account, whatever the database folds by itself.
    """
    return unicodedata.normalize("NFKC", text).casefold().strip()


class UsernameField(models.CharField):  # type: ignore[type-arg]  # generic for the type checker only
    """Text that is folded by `fold_username` on its way into the database and into every comparison."""

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return fold_username(prepared) if isinstance(prepared, str) else prepared

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return fold_username(text) if isinstance(text, str) else text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)

    def visible_to(self, user: "User | AnonymousUser") -> "UserQuerySet":
        """People whose name `user` may know: oneself; for members everybody active who has a part in the mesh
        (a role, or a product in their charge); for platform admins everybody."""
        from catalog.accounts.kernel import standing  # the kernel imports these models

        who = standing(user)
        if who.user_id is None:
            return self.none()
        if who.is_platform_admin:
            return self.all()
        oneself = models.Q(pk=who.user_id)
        if not who.is_member:
            return self.filter(oneself)
        members = models.Exists(Membership.objects.filter(user=models.OuterRef("pk")))
        stewardships = apps.get_model("catalog", "Stewardship").objects.all()  # of an upper feature
        in_charge = models.Exists(stewardships.filter(user=models.OuterRef("pk")))
        return self.filter(oneself | (models.Q(is_active=True) & (members | in_charge)))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # made by a function
    def get_by_natural_key(self, username: str | None) -> "User":
        """People sign in whatever the capitals they type."""
        user: User = self.get(username=fold_username(username or ""))
        return user

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """A new person; without a password they cannot sign in until an invitation is accepted."""
        user = User(username=username, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, TimestampedModel):
    """A person (or a machine's account) of the mesh. Rights come from Membership and from products' stewardships."""

    username = UsernameField(max_length=150, unique=True, validators=[username_validator])
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    team = models.ForeignKey(
        "catalog.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="service_accounts"
    )  # who answers for a service account: a machine without password or page, known by its tokens; else empty
    deactivated_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_service(self) -> bool:
        return self.team_id is not None

    @property
    def initials(self) -> str:
        parts = str(self).split()
        return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


class TeamManager(MP_NodeManager):  # type: ignore[misc]  # untyped base
    def visible_to(self, user: "User | AnonymousUser") -> "models.QuerySet[Team]":
        """All teams for members of the mesh (any role in any team), none for others."""
        from catalog.accounts.kernel import standing  # the kernel imports these models

        teams: models.QuerySet[Team] = self.get_queryset()
        return teams if standing(user).is_member else teams.none()


class Team(MP_Node, TimestampedModel):  # type: ignore[misc]  # untyped base
    """A group of people that owns domains, products and connections; a role in a team holds below it too."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    description = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    channel = models.CharField(max_length=200, blank=True)  # where to reach the team: a chat channel, a page
    revision = models.PositiveIntegerField(default=1)  # grows with every edit; the ETag of two editors

    objects = TeamManager()

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    STEWARD = "steward", "Steward"
    TECHNICAL_OWNER = "technical_owner", "Technical owner"
    BUSINESS_OWNER = "business_owner", "Business owner"
    APPROVER = "approver", "Approver"
    DOMAIN_ADMIN = "domain_admin", "Domain admin"
    GOVERNANCE = "governance", "Governance"
    PLATFORM_ADMIN = "platform_admin", "Platform admin"


PLATFORM_ROLES = (Role.GOVERNANCE, Role.PLATFORM_ADMIN)


class Membership(TimestampedModel):
    """One role of one person: in a team and everything below it, or (platform roles) in the whole mesh."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    is_from_provider = models.BooleanField(
        default=False
    )  # follows the identity provider's groups, ends with them

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team", "role"], name="membership_unique"),
            models.UniqueConstraint(
                fields=["user", "role"], condition=models.Q(team=None), name="membership_platform_unique"
            ),
            models.CheckConstraint(
                name="membership_platform_roles_have_no_team",
                condition=models.Q(role__in=PLATFORM_ROLES, team=None)
                | (~models.Q(role__in=PLATFORM_ROLES) & models.Q(team__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} of {self.team or 'the platform'}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> "ApiTokenQuerySet":
        now = timezone.now()
        return self.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)


class ApiToken(TimestampedModel):
    """A machine's key: only its SHA-256 digest is kept; the prefix lets people recognise it."""

    class Scope(models.TextChoices):
        READ = "read", "Read what I may see"
        WRITE = "write", "Change what I may change"
        METRICS = "metrics", "Read the portal's own metrics"
        LINEAGE = "lineage", "Send lineage events and nothing else"
        ACCESS_REPORT = "access:report", "Report grants and last use of access and nothing else"
        SCIM = "scim", "Keep people and groups over SCIM"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_usable(self) -> bool:
        """Whether it still opens anything (its person's deactivation revokes it)."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self) -> "InvitationQuerySet":
        return self.filter(used_at=None, expires_at__gt=timezone.now())


class Invitation(TimestampedModel):
    """A one-time link by which a person sets their password (first time, or a reset); only its digest is kept."""

    class Purpose(models.TextChoices):
        INVITE = "invite", "Invitation"
        RESET = "reset", "Password reset"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} for {self.user}"


class Session(AbstractBaseSession):
    """A browser's session, with the person it belongs to, so that it can be listed and ended from elsewhere."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    user_agent = models.CharField(max_length=200, blank=True)
    signed_in_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-last_seen_at"]

    @classmethod
    def get_session_store_class(cls) -> Any:
        from catalog.accounts.sessions import SessionStore  # the store imports this model

        return SessionStore
