"""Who somebody is elsewhere: the identity provider's accounts and groups, provisioned people, second factors."""

from django.db import models

from catalog.accounts.models import Role, Team, User
from catalog.common.models import TimestampedModel


class ProviderAccount(TimestampedModel):
    """The account of a person at the identity provider: `subject` never changes there, unlike names and e-mail."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="provider_accounts")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    groups = models.JSONField(default=list, blank=True)  # as the last sign-in told them
    last_login_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="provider_account_unique"),
            models.UniqueConstraint(fields=["issuer", "user"], name="provider_account_one_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"


class GroupRule(TimestampedModel):
    """Who is in this group of the provider holds this role: in a team, or (platform roles) in the whole mesh."""

    group = models.CharField(max_length=300)  # as the provider writes it: a name, or an id
    role = models.CharField(max_length=20, choices=Role.choices)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["group", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["group", "role", "team"], name="group_rule_unique"),
            models.UniqueConstraint(
                fields=["group", "role"], condition=models.Q(team=None), name="group_rule_platform_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.get_role_display()} of {self.team or 'the platform'}"


class ProvisionedPerson(TimestampedModel):
    """A person whose account the provider keeps over SCIM. `document` is what it said, so that it reads it back."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="provisioned")
    user_name = models.CharField(max_length=255, unique=True)  # as the provider writes it, folded
    external_id = models.CharField(max_length=255, blank=True, db_index=True)
    document = models.JSONField(default=dict)
    removed_at = models.DateTimeField(null=True, blank=True)  # deleted there: SCIM knows it no more
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "provisioned person"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.user_name


class ProvisionedGroup(TimestampedModel):
    """A group the provider keeps over SCIM."""

    name = models.CharField(max_length=300, unique=True)
    external_id = models.CharField(max_length=255, blank=True, db_index=True)
    members = models.ManyToManyField(User, blank=True, related_name="provisioned_groups")
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "provisioned group"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class SecondFactor(TimestampedModel):
    """The secret an authenticator app shares with the portal, encrypted. It counts once a code has proved it."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor")
    secret = models.TextField()  # of catalog.common.crypto
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(
        default=0
    )  # of the latest code taken: none at or before it counts again
    failures = models.PositiveSmallIntegerField(default=0)  # wrong codes since the last right one
    closed_until = models.DateTimeField(null=True, blank=True)  # after too many

    class Meta:
        verbose_name = "second factor"

    def __str__(self) -> str:
        return f"second factor of {self.user}"


class RecoveryCode(models.Model):
    """A code on paper, good once, for when the app is lost; only its digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "recovery code"

    def __str__(self) -> str:
        return f"recovery code of {self.user}"
