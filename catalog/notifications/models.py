"""What there is to tell (Notice), whom it was told (Notification), who wants to know (Subscription), and how."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from catalog.access.models import Agreement, RequestStage
from catalog.access.seen import products_edited
from catalog.accounts.kernel import audience_filter, standing
from catalog.accounts.models import User
from catalog.common.models import TimestampedModel
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm
from catalog.products.models import DataProduct, OutputPort


class Kind(models.TextChoices):
    """What a notice is about; everybody chooses for each how they want to hear of it."""

    INCIDENT = "incident", "Incidents"
    SLO = "slo", "Missed and burning SLOs"
    CRAWL = "crawl", "Sources that cannot be read"
    CONTRACT = "contract", "Contract changes"
    SCHEMA = "schema", "Schema changes"
    LIFECYCLE = "lifecycle", "Published, deprecated, retired"
    VERSION = "version", "New versions"
    PEOPLE = "people", "Ownership"
    DISCUSSION = "discussion", "Questions and announcements"
    GLOSSARY = "glossary", "Terms of the glossary"
    SEARCH = "search", "New matches of a watched search"
    ACCESS = "access", "Access"
    WEBHOOK = "webhook", "Webhooks switched off"


class Channel(models.TextChoices):
    """How somebody hears of a kind; e-mail always comes beside the list in the portal."""

    AT_ONCE = "at_once", "E-mail at once"
    DIGEST = "digest", "In a daily e-mail"
    PORTAL = "portal", "In the portal only"
    OFF = "off", "Not at all"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> "NoticeQuerySet":
        """Those nobody was told yet."""
        return self.filter(fanned_out_at=None)


class Notice(models.Model):
    """Something that happened, in words, once for all who are told. Written in the transaction of what happened.

    The row is the job: a worker finds out whom it concerns and leaves each a Notification. `key` says what happened,
    so that the same is told once however often it is noticed. Whoever reads it must see `product` (or `connection`).
    """

    class Audience(models.TextChoices):
        EVERYBODY = "everybody", "Owners, consumers and watchers"
        OWNERS_AND_WATCHERS = "owners_watchers", "Owners and watchers"
        OWNERS = "owners", "Owners"
        RECIPIENT = "recipient", "One person"
        DECIDERS = "deciders", "Those who decide the open request"
        PARTY = "party", "The consumer of an agreement"
        DOWNSTREAM = "downstream", "As everybody, and whoever is further downstream"
        READERS = "readers", "Who watches the term"

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    audience = models.CharField(max_length=16, choices=Audience.choices)
    title = models.CharField(max_length=300)
    sentence = models.TextField(blank=True)
    link = models.CharField(max_length=1000)  # a path of this portal
    product = models.ForeignKey(
        DataProduct, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    port = models.ForeignKey(  # when it is about one port: its consumers are told, not those of the others
        OutputPort, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    agreement = models.ForeignKey(  # about access: told to its parties alone
        Agreement, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    stage = models.ForeignKey(  # of its request: told to those who decide this one alone
        RequestStage, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    term = models.ForeignKey(  # with a product: that it was linked to it
        GlossaryTerm, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    recipient = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(  # who did it is not told what they know
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_index=True)
    fanned_out_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(fanned_out_at=None), name="notice_waiting"),
        ]

    def __str__(self) -> str:
        return self.title


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> "NotificationQuerySet":
        """One's own, of what one may see now: what was hidden since is told no longer."""
        who = standing(user)
        if who.user_id is None:
            return self.none()
        mine = self.filter(recipient_id=who.user_id)
        if who.sees_everything:
            return mine
        stores = Q(notice__connection=None) | Q(notice__connection__team_id__in=who.team_ids)
        parties = (
            Q(notice__agreement=None)
            | Q(notice__agreement__user=user)
            | Q(notice__agreement__team_id__in=who.team_ids)
            | products_edited(user, "notice__agreement__product__")
            | Q(reason=Notification.Reason.DECIDER)
            & audience_filter(user, "notice__agreement__port__product__")
            | Q(reason=Notification.Reason.OWNER)
            & products_edited(user, "notice__agreement__port__product__")
        )
        terms = Q(notice__term=None) | Q(notice__term__in=GlossaryTerm.objects.visible_to(user).values("pk"))
        return mine.filter(
            Q(notice__product=None) | audience_filter(user, prefix="notice__product__"),
            stores,
            parties,
            terms,
        )

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at=None)


class Notification(models.Model):
    """A notice told to one person: whether they read it, and what became of its e-mail."""

    class Reason(models.TextChoices):
        OWNER = "owner", "it is in your charge"
        CONSUMER = "consumer", "a product of yours reads from it"
        DOWNSTREAM = "downstream", "a product of yours is made of it, further downstream"
        WATCHER = "watcher", "you watch it"
        RECIPIENT = "recipient", "it is for you"
        DECIDER = "decider", "you may decide it"
        PARTY = "party", "the access is yours, or your team's or product's"

    class Mail(models.TextChoices):
        NONE = "", "Not by e-mail"
        DUE = "due", "Waiting"
        CLAIMED = "claimed", "With a worker"
        SENDING = "sending", "Being handed over"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused"
        UNCERTAIN = "uncertain", "Handed over by a worker that ended before the answer"

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="notifications")
    recipient = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    reason = models.CharField(max_length=10, choices=Reason.choices)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=10, choices=Mail.choices, blank=True, default=Mail.NONE)
    mail_due_at = models.DateTimeField(null=True, blank=True)
    mail_claim = models.CharField(max_length=36, blank=True)
    mail_claimed_at = models.DateTimeField(null=True, blank=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mail_error = models.CharField(max_length=300, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["notice", "recipient"], name="told_once")]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="notification_list"),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="notification_unread"),
            models.Index(fields=["mail", "mail_due_at"], name="notification_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.notice} for {self.recipient}"

    def get_absolute_url(self) -> str:
        return reverse("notifications:open", args=[self.pk])


class Preference(TimestampedModel):
    """How a person wants to hear of one kind, where it is not the default."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="preferences", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="preference_of_kind")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.channel}"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def visible_to(self, user: User) -> "SubscriptionQuerySet":
        """One's own, of what one may see now."""
        if standing(user).user_id is None:
            return self.none()
        seen = Q(product=None) | audience_filter(user, prefix="product__")
        domains = Domain.objects.visible_to(user).values("pk")
        terms = GlossaryTerm.objects.visible_to(user).values("pk")
        return self.filter(
            seen, Q(domain=None) | Q(domain__in=domains), Q(term=None) | Q(term__in=terms), user=user
        )


class Subscription(TimestampedModel):
    """A person watches a product, a domain with everything below it, a term, or what a search finds."""

    class Target(models.TextChoices):
        PRODUCT = "product", "Product"
        DOMAIN = "domain", "Domain"
        TERM = "term", "Term"
        SEARCH = "search", "Search"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="subscriptions")
    target = models.CharField(max_length=10, choices=Target.choices)
    product = models.ForeignKey(
        DataProduct, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions"
    )
    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions"
    )
    term = models.ForeignKey(
        GlossaryTerm, null=True, blank=True, on_delete=models.CASCADE, related_name="subscriptions"
    )
    query = models.CharField(
        max_length=2000, blank=True
    )  # of a search: the parameters of its address, in order
    seen = models.JSONField(
        null=True, blank=True
    )  # of a search: products it found before; None: not asked yet
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)  # of a search: when it is asked again

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["target", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "product"], condition=Q(target="product"), name="watches_product"
            ),
            models.UniqueConstraint(
                fields=["user", "domain"], condition=Q(target="domain"), name="watches_domain"
            ),
            models.UniqueConstraint(fields=["user", "term"], condition=Q(target="term"), name="watches_term"),
            models.UniqueConstraint(
                fields=["user", "query"], condition=Q(target="search"), name="watches_search"
            ),
            models.CheckConstraint(
                name="subscription_has_its_target",
                condition=Q(target="product", product__isnull=False, domain=None, term=None, query="")
                | Q(target="domain", product=None, domain__isnull=False, term=None, query="")
                | Q(target="term", product=None, domain=None, term__isnull=False, query="")
                | (Q(target="search", product=None, domain=None, term=None) & ~Q(query="")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.product or self.domain or self.term or self.query)
