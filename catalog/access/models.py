"""Agreements about access, the requests that led to them, and the rules by which these are decided."""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalog.access.seen import agreements_seen, requests_seen
from catalog.access.states import (
    ENDED,
    IN_FORCE,
    DecisionState,
    Provisioning,
    Validity,
    Verdict,
    validity_of,
    verdict,
)
from catalog.accounts.models import Team, User
from catalog.common.models import TimestampedModel
from catalog.contracts.models import ContractVersion
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, OutputPort
from catalog.vocabulary.models import Classification, Purpose

LONGEST_DAYS = 3_660  # of anything counted in days


class PortTerms(TimestampedModel):
    """What an owner allows on a port: how long, in which mode, by whom it is granted. Without a row: the defaults."""

    port = models.OneToOneField(OutputPort, on_delete=models.CASCADE, related_name="access_terms")
    longest_days = models.PositiveSmallIntegerField(
        null=True, blank=True, default=365, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)]
    )  # None: an agreement needs no end
    notice_days = models.PositiveSmallIntegerField(
        default=14, validators=[MaxValueValidator(LONGEST_DAYS)]
    )  # between a revocation and its effect
    release_notice_days = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(LONGEST_DAYS)]
    )  # between a consumer's giving it back and the end
    modes = models.JSONField(default=list, blank=True)  # names of access modes beside the contract's roles
    may_choose_columns = models.BooleanField(default=False)
    provisioner = models.CharField(max_length=40, default="manual")  # name of a provisioner
    instructions = models.TextField(blank=True)  # shown on the form; Markdown
    known_readers = models.JSONField(default=list, blank=True)  # roles in the store that need no agreement
    hook_url = models.CharField(max_length=500, blank=True)  # of the system that is told, for "http"
    secret = models.TextField(blank=True)  # its key for signatures, as a Fernet token; opened in workers only
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "access terms"

    def __str__(self) -> str:
        return f"Terms of {self.port}"


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, user: User) -> "AgreementQuerySet":
        """Those of the person, their teams and products, of the products they answer for, and what they decide."""
        return self.filter(agreements_seen(user))

    def agreed(self) -> "AgreementQuerySet":
        """Those something was agreed in, whatever became of it."""
        return self.exclude(starts_at=None)

    def in_force(self, now: dt.datetime) -> "AgreementQuerySet":
        """Active or expiring at `now`."""
        return self.standing(now).filter(starts_at__lte=now)

    def standing(self, now: dt.datetime) -> "AgreementQuerySet":
        """In force at `now` or scheduled: those a change would reach."""
        open_end = Q(ends_at=None) | Q(ends_at__gt=now)
        return self.filter(open_end, starts_at__isnull=False, closed_at=None)

    def ended(self, now: dt.datetime) -> "AgreementQuerySet":
        """Those whose end has come, or was acted on by a clock that was set back since."""
        return self.filter(Q(ends_at__lte=now) | Q(closed_at__isnull=False))


class Agreement(TimestampedModel):
    """What one consumer may do with one port in one environment. Its requests say how it came about.

    `starts_at` is empty until something was agreed. `ends_at` is when it really ends: `agreed_until`, or earlier when
    it was revoked or given back (`cut_short`).
    """

    class CutShort(models.TextChoices):
        NO = "", "No"
        REVOKED = "revoked", "Revoked"
        RELEASED = "released", "Given back"

    class ProvisioningChoice(models.TextChoices):
        NONE = Provisioning.NONE.value, "Nothing agreed"
        NOT_NEEDED = Provisioning.NOT_NEEDED.value, "Not needed"
        WAITING = Provisioning.WAITING.value, "Waiting"
        IN_PROGRESS = Provisioning.IN_PROGRESS.value, "In progress"
        GRANTED = Provisioning.GRANTED.value, "Granted"
        FAILED = Provisioning.FAILED.value, "Failed"
        REMOVING = Provisioning.REMOVING.value, "Being removed"
        REMOVED = Provisioning.REMOVED.value, "Removed"

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="agreements")
    environment = models.CharField(max_length=40, default="production")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="agreements")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="agreements")
    product = models.ForeignKey(
        DataProduct, null=True, blank=True, on_delete=models.CASCADE, related_name="agreements"
    )
    mode = models.CharField(max_length=100, blank=True)
    columns = models.JSONField(default=list, blank=True)  # empty: all
    principal = models.CharField(
        max_length=200, blank=True
    )  # the consumer's name in the store: a database role
    starts_at = models.DateTimeField(null=True, blank=True)
    agreed_until = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True, db_index=True)
    cut_short = models.CharField(max_length=10, choices=CutShort.choices, blank=True)
    cut_short_reason = models.TextField(blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)  # first request that was submitted
    closed_at = models.DateTimeField(null=True, blank=True)  # when its end was acted on
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)  # nearest reminder that was sent
    provisioning = models.CharField(max_length=12, choices=ProvisioningChoice.choices, blank=True)
    provisioning_at = models.DateTimeField(null=True, blank=True)
    provisioning_note = models.TextField(blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)  # when the store was last seen to be like this
    lacking_since = models.DateTimeField(null=True, blank=True)  # agreed and not in the store
    late_told_at = models.DateTimeField(null=True, blank=True)  # that it is lacking for long
    order = models.CharField(max_length=32, blank=True)  # the open order to another system, by its id
    order_action = models.CharField(max_length=10, blank=True)
    ordered_at = models.DateTimeField(null=True, blank=True)  # when it was sent last
    is_order_taken = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_source = models.CharField(max_length=40, blank=True)  # who knows of it
    uses_seen = models.BigIntegerField(
        null=True, blank=True
    )  # the store's own count when it was last looked at
    revision = models.PositiveIntegerField(default=1)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["port", "environment", name],
                condition=Q(**{f"{name}__isnull": False}),
                name=f"agreement_{name}",
            )
            for name in ("user", "team", "product")
        ] + [
            models.CheckConstraint(
                name="agreement_has_one_consumer",
                condition=Q(user__isnull=False, team=None, product=None)
                | Q(user=None, team__isnull=False, product=None)
                | Q(user=None, team=None, product__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.consumer} on {self.port}"

    def get_absolute_url(self) -> str:
        return reverse("access:agreement", args=[self.pk])

    @property
    def consumer(self) -> User | Team | DataProduct:
        found = self.user or self.team or self.product
        assert found is not None  # noqa: S101 - the database holds exactly one
        return found

    @property
    def consumer_kind(self) -> str:
        return "person" if self.user_id else "team" if self.team_id else "product"

    def validity(self, now: dt.datetime) -> Validity:
        is_closed = self.closed_at is not None
        return validity_of(self.starts_at, self.ends_at, bool(self.cut_short), now, is_closed=is_closed)

    def verdict(self, now: dt.datetime) -> Verdict:
        return verdict(self.validity(now), Provisioning(self.provisioning))

    def is_in_force(self, now: dt.datetime) -> bool:
        return self.validity(now) in IN_FORCE

    def is_over(self, now: dt.datetime) -> bool:
        return self.validity(now) in ENDED


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def visible_to(self, user: User) -> "AccessRequestQuerySet":
        """One's own with their drafts, those of agreements one sees, those one decides."""
        return self.filter(requests_seen(user))

    def submitted(self) -> "AccessRequestQuerySet":
        return self.filter(decision=DecisionState.SUBMITTED)


class AccessRequest(TimestampedModel):
    """What somebody asked for, in their words. Nothing of it changes once it was submitted, but how it was decided."""

    class Kind(models.TextChoices):
        NEW = "new", "New access"
        RENEW = "renew", "Renewal"
        CHANGE = "change", "Change"
        RELEASE = "release", "Giving back"

    class DecisionChoice(models.TextChoices):
        DRAFT = DecisionState.DRAFT.value, "Draft"
        SUBMITTED = DecisionState.SUBMITTED.value, "Submitted"
        APPROVED = DecisionState.APPROVED.value, "Approved"
        DENIED = DecisionState.DENIED.value, "Denied"
        WITHDRAWN = DecisionState.WITHDRAWN.value, "Withdrawn"

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="requests")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NEW)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    purpose = models.TextField(blank=True)
    purposes = models.ManyToManyField(Purpose, blank=True, related_name="requests")
    mode = models.CharField(max_length=100, blank=True)
    columns = models.JSONField(default=list, blank=True)
    starts_on = models.DateField(null=True, blank=True)  # None: as soon as it is approved
    ends_on = models.DateField(null=True, blank=True)  # the last day
    days = models.PositiveIntegerField(null=True, blank=True)  # instead of a last day; None: without end
    contract_version = models.ForeignKey(
        ContractVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    contract_words = models.CharField(max_length=400, blank=True)  # name and version as accepted
    contract_digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the document accepted
    decision = models.CharField(
        max_length=10, choices=DecisionChoice.choices, default=DecisionChoice.DRAFT, db_index=True
    )
    route = models.CharField(max_length=400, blank=True)  # by which rules it is decided, in words
    step = models.PositiveSmallIntegerField(default=0)  # of its stages, which is open
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "access request"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(decision="submitted"), name="one_open_request"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.agreement}"

    def get_absolute_url(self) -> str:
        return reverse("access:request", args=[self.pk])


class Approvers(models.TextChoices):
    """Who decides a stage."""

    OWNERS = "owners", "The people in charge of the product"
    DOMAIN_ADMINS = "domain_admins", "The admins of the product's domain"
    TEAM = "team", "The approvers of a team"
    GOVERNANCE = "governance", "The governance group"
    PLATFORM_ADMINS = "platform_admins", "The platform admins"
    PERSON = "person", "A person"


class Stage(models.Model):
    """What a stage of a rule and a stage of a request share. Stages of the same `step` are open side by side."""

    step = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    name = models.CharField(max_length=100)
    approvers = models.CharField(max_length=20, choices=Approvers.choices, default=Approvers.OWNERS)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    quorum = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    escalate_days = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)]
    )  # without a decision for so long, those above may decide as well
    remind_days = models.PositiveSmallIntegerField(
        default=2, validators=[MaxValueValidator(LONGEST_DAYS)]
    )  # without one for so long, those who decide are reminded; 0: never

    class Meta:
        abstract = True
        ordering = ["step", "pk"]

    def __str__(self) -> str:
        return self.name


class ApprovalRule(TimestampedModel):
    """How requests are decided in one place (a port, a domain, or the mesh), or for one classification or purpose.

    The nearest place decides; rules of classifications and purposes add their stages to it. No stage: automatic.
    """

    name = models.CharField(max_length=100)
    port = models.ForeignKey(OutputPort, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    domain = models.ForeignKey(Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    classification = models.ForeignKey(
        Classification, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    purpose = models.ForeignKey(Purpose, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "approval rule"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"rule_of_{name}"
            )
            for name in ("port", "domain", "classification", "purpose")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("access:rule", args=[self.pk])

    @property
    def place(self) -> OutputPort | Domain | Classification | Purpose | None:
        """What it is about; None is the whole mesh."""
        return self.port or self.domain or self.classification or self.purpose


class ApprovalStage(Stage):
    rule = models.ForeignKey(ApprovalRule, on_delete=models.CASCADE, related_name="stages")


class RequestStage(Stage):
    """A stage of one request, as the rules were when it was submitted."""

    class FallsTo(models.TextChoices):
        NOBODY = "", "Nobody else"
        DOMAIN = "domain", "The domain's admins"
        PLATFORM = "platform", "The platform admins"

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="stages")
    opened_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    remind_at = models.DateTimeField(null=True, blank=True)  # empty: nobody is reminded, or they were
    escalated_at = models.DateTimeField(null=True, blank=True)
    falls_to = models.CharField(
        max_length=10, choices=FallsTo.choices, blank=True
    )  # too few others may decide
    closed_at = models.DateTimeField(null=True, blank=True)

    def open(self, now: dt.datetime) -> None:
        """Its time begins: when it is reminded of and when it escalates; the caller saves."""
        self.opened_at, self.due_at = now, now + dt.timedelta(days=self.escalate_days)
        if 0 < self.remind_days < self.escalate_days:
            self.remind_at = now + dt.timedelta(days=self.remind_days)


class Decision(models.Model):
    """What one person said at one stage, perhaps in the place of another."""

    stage = models.ForeignKey(RequestStage, on_delete=models.CASCADE, related_name="decisions")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_for = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    is_approval = models.BooleanField()
    note = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["decided_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["stage", "decided_by"], name="decides_once")]

    def __str__(self) -> str:
        return f"{self.decided_by}: {'yes' if self.is_approval else 'no'}"


class AccessComment(TimestampedModel):
    """A line of the conversation about a request."""

    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField()

    class Meta:
        verbose_name = "comment"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]
