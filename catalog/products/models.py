"""Data products, their output ports (versioned offers), input ports (dependencies) and the people in charge."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from catalog.accounts.kernel import audience_filter
from catalog.accounts.models import Team, User
from catalog.assets.models import Asset
from catalog.common.models import TimestampedModel
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.products.links import validate_links, validate_support
from catalog.schemas.models import SchemaVersion
from catalog.vocabulary.models import Classification, Tag

semver_validator = RegexValidator(
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\Z",
    "Use a semantic version such as 1.4.0.",
    "semver",
)


class Lifecycle(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    DEPRECATED = "deprecated", "Deprecated"
    RETIRED = "retired", "Retired"


PUBLISHED = (Lifecycle.ACTIVE, Lifecycle.DEPRECATED, Lifecycle.RETIRED)


class Visibility(models.TextChoices):
    MESH = "mesh", "Everybody in the mesh"
    DOMAIN = "domain", "The domain only"
    PRIVATE = "private", "Its own people only"


class DataProductQuerySet(models.QuerySet["DataProduct"]):
    def visible_to(self, user: User) -> "DataProductQuerySet":
        """Products `user` may know of (see `permissions.audience`, which says the same for one product)."""
        return self.filter(audience_filter(user))

    def in_domain(self, domain: Domain) -> "DataProductQuerySet":
        """Products of the domain and of everything below it."""
        return self.filter(domain__path__startswith=domain.path)

    def published(self) -> "DataProductQuerySet":
        return self.filter(lifecycle__in=PUBLISHED)

    def active(self) -> "DataProductQuerySet":
        return self.filter(lifecycle=Lifecycle.ACTIVE)


class DataProduct(TimestampedModel):
    """Data offered as a product by a domain: what it is for, who answers for it, and through which ports it is had."""

    class Archetype(models.TextChoices):
        SOURCE_ALIGNED = "source_aligned", "Source-aligned"
        AGGREGATE = "aggregate", "Aggregate"
        CONSUMER_ALIGNED = "consumer_aligned", "Consumer-aligned"

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="products")
    slug = models.SlugField(max_length=120, allow_unicode=True)
    name = models.CharField(max_length=200)
    team = models.ForeignKey(  # the accountable team; None is shown as "unowned", never hidden
        Team, null=True, blank=True, on_delete=models.PROTECT, related_name="products"
    )
    purpose = models.TextField(blank=True)  # one or two sentences; the four texts are Markdown
    description = models.TextField(blank=True)
    usage = models.TextField(blank=True)
    limitations = models.TextField(blank=True)
    archetype = models.CharField(max_length=20, choices=Archetype.choices, blank=True)
    lifecycle = models.CharField(max_length=12, choices=Lifecycle.choices, default=Lifecycle.DRAFT)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.MESH)
    version = models.CharField(max_length=60, default="0.1.0", validators=[semver_validator])
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="predecessors"
    )
    sunset_at = models.DateField(null=True, blank=True)
    lifecycle_note = models.TextField(
        blank=True
    )  # why it was deprecated or retired early, for those who use it
    published_at = models.DateTimeField(null=True, blank=True)  # first time it became active
    tags = models.ManyToManyField(Tag, blank=True, related_name="products")
    classification = models.ForeignKey(
        Classification, null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    region = models.CharField(max_length=80, blank=True)
    links = models.JSONField(default=list, blank=True, validators=[validate_links])
    support = models.JSONField(default=list, blank=True, validators=[validate_support])
    origin = models.CharField(
        max_length=40, blank=True
    )  # "" by hand, else the importer or harvester that made it
    origin_key = models.CharField(max_length=300, blank=True)  # its identifier there
    origin_vanished_at = models.DateTimeField(null=True, blank=True)  # no longer there at the last import
    is_demo = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)

    objects = DataProductQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[tags], excluded_fields=["updated_at"])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["domain", "slug"], name="product_address"),
            models.UniqueConstraint(
                fields=["origin", "origin_key"], condition=~models.Q(origin_key=""), name="product_origin"
            ),
        ]
        indexes = [models.Index(fields=["lifecycle", "visibility"], name="product_published")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        return self.lifecycle in PUBLISHED

    @property
    def key(self) -> str:
        """Its public identifier, also its address below /products/."""
        return f"{self.domain.slug}/{self.slug}"

    def get_absolute_url(self) -> str:
        return reverse("products:detail", args=[self.domain.slug, self.slug])


class Stewardship(TimestampedModel):
    """A person in charge of one product, in one of three roles."""

    class Role(models.TextChoices):
        BUSINESS_OWNER = "business_owner", "Business owner"
        TECHNICAL_OWNER = "technical_owner", "Technical owner"
        STEWARD = "steward", "Steward"

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="stewardships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stewardships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        ordering = ["role"]
        constraints = [models.UniqueConstraint(fields=["product", "user", "role"], name="stewardship_unique")]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} of {self.product}"


class OutputPortQuerySet(models.QuerySet["OutputPort"]):
    def visible_to(self, user: User) -> "OutputPortQuerySet":
        """Ports of the products `user` may know of."""
        return self.filter(audience_filter(user, prefix="product__"))


class OutputPort(TimestampedModel):
    """One offer of a product, identified by (name, version): a table, file set, topic or API one can connect to."""

    class Kind(models.TextChoices):
        TABLE = "table", "Table"
        VIEW = "view", "View"
        FILES = "files", "Files"
        TOPIC = "topic", "Topic"
        API = "api", "API"
        OTHER = "other", "Other"

    class Modality(models.TextChoices):
        BATCH = "batch", "Batch"
        STREAMING = "streaming", "Streaming"
        API = "api", "API"

    class Encryption(models.TextChoices):
        UNKNOWN = "", "Not declared"
        YES = "yes", "Encrypted"
        NO = "no", "Not encrypted"

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="output_ports")
    name = models.SlugField(max_length=120, allow_unicode=True)
    title = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=60, default="1.0.0", validators=[semver_validator])
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TABLE)
    environment = models.CharField(max_length=40, default="production")
    modality = models.CharField(max_length=10, choices=Modality.choices, default=Modality.BATCH)
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.PROTECT, related_name="output_ports"
    )
    asset = models.ForeignKey(
        Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="output_ports"
    )
    location = models.CharField(max_length=1000, blank=True)  # for people: schema.table, path, address
    format = models.CharField(max_length=60, blank=True)
    platform = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=80, blank=True)
    encryption_at_rest = models.CharField(max_length=3, choices=Encryption.choices, blank=True)
    freshness_promise = models.DurationField(
        null=True, blank=True
    )  # the newest data is never older than this
    declared_schema = models.ForeignKey(
        SchemaVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="declared_by"
    )
    sunset_at = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    objects = OutputPortQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["product", "name", "version"], name="output_port_identity")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def get_absolute_url(self) -> str:
        product = self.product
        return reverse("products:port", args=[product.domain.slug, product.slug, self.name, self.version])


class InputPort(TimestampedModel):
    """What a product declares it is made from: another product's output port, or something named in `reference`."""

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="input_ports")
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=60, blank=True)
    upstream_port = models.ForeignKey(
        OutputPort, null=True, blank=True, on_delete=models.SET_NULL, related_name="consumed_by"
    )
    reference = models.CharField(max_length=500, blank=True)  # contract id or words, when no port is known
    description = models.TextField(blank=True)

    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["product", "name", "version"], name="input_port_identity")
        ]

    def __str__(self) -> str:
        return self.name
