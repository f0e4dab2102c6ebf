"""Documents people wrote: data contracts (ODCS) and product descriptors (ODPS), each version kept whole."""

from typing import Any

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.documents import decode, expand
from catalog.common.models import TimestampedModel
from catalog.products.models import DataProduct, OutputPort


class OriginalVersion(models.Model):
    """An immutable version of a document: the bytes as they came, and what was found while reading them."""

    number = models.PositiveIntegerField()  # 1.. in order of arrival
    version = models.CharField(max_length=100, blank=True)  # as the document says
    spec_version = models.CharField(max_length=20)  # "v3.1.0"
    original = models.BinaryField()  # exactly the bytes that came, compressed or not; see `text`
    media_type = models.CharField(max_length=40, default="application/yaml")  # of the text
    path = models.CharField(max_length=500, blank=True)  # where it was read from, for people
    digest = models.CharField(max_length=64)  # SHA-256 of the original
    problems = models.JSONField(default=list, blank=True)  # warnings of the import
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        abstract = True
        ordering = ["-number"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep a new version, or what is noted beside one: `update_fields` names it.

        Raises TypeError for a change of the document itself, or of what was found in it.
        """
        noted = set(kwargs.get("update_fields") or KEPT)
        if not self._state.adding and noted & KEPT:
            raise TypeError("A version of a document never changes; keep a new one.")
        super().save(*args, **kwargs)

    @property
    def text(self) -> str:
        """The document as text: gzip undone, decoded as its byte order mark says."""
        return decode(expand(bytes(self.original)))


#: What makes a version: none of it changes once it is kept.
KEPT = frozenset(
    {
        "number",
        "version",
        "spec_version",
        "original",
        "media_type",
        "path",
        "digest",
        "problems",
        "imported_at",
    }
)


class DataContractQuerySet(models.QuerySet["DataContract"]):
    def visible_to(self, user: User) -> "DataContractQuerySet":
        """Contracts of products `user` may know of; one without a product only for those who brought it."""
        if kernel.standing(user).sees_everything:
            return self.all()
        mine = ContractVersion.objects.filter(imported_by=user).values("contract")
        attached = models.Q(product__isnull=False) & kernel.audience_filter(user, prefix="product__")
        return self.filter(attached | models.Q(product=None, pk__in=mine))


class DataContract(TimestampedModel):
    """A contract by its own identifier (`id` of the ODCS document)."""

    key = models.CharField(max_length=300, unique=True)
    name = models.CharField(max_length=300, blank=True)
    product = models.ForeignKey(
        DataProduct, null=True, blank=True, on_delete=models.SET_NULL, related_name="contracts"
    )

    objects = DataContractQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name or self.key


class ContractVersion(OriginalVersion):
    contract = models.ForeignKey(DataContract, on_delete=models.CASCADE, related_name="versions")

    class Meta(OriginalVersion.Meta):
        constraints = [models.UniqueConstraint(fields=["contract", "number"], name="contract_version_number")]

    def __str__(self) -> str:
        return f"{self.contract} {self.version}"


class PortContract(TimestampedModel):
    """The contract a port is offered under. Its version in force is empty until the document arrives."""

    port = models.OneToOneField(OutputPort, on_delete=models.CASCADE, related_name="contract_in_force")
    contract_key = models.CharField(max_length=300, db_index=True)  # the identifier the port's product names
    version = models.ForeignKey(
        ContractVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="in_force_on"
    )

    def __str__(self) -> str:
        return f"{self.version or self.contract_key} on {self.port}"


class PortDrift(models.Model):
    """How far what was observed of a port is from what it promises; judged when either side changes.

    The fields themselves are compared when somebody looks (`drift`): this row is what lists, trust and incidents ask.
    Defaults are the database's, because bulk writes go past Python.
    """

    port = models.OneToOneField(OutputPort, on_delete=models.CASCADE, related_name="drift")
    declared_id = models.BigIntegerField()  # the two schema versions that were compared
    observed_id = models.BigIntegerField(null=True, blank=True)
    declared = models.PositiveIntegerField(db_default=0)  # fields promised
    is_read = models.BooleanField(db_default=False)  # whether anything was observed yet
    breaking = models.PositiveIntegerField(db_default=0)  # fields, by severity
    risky = models.PositiveIntegerField(db_default=0)
    harmless = models.PositiveIntegerField(db_default=0)
    sentences = models.JSONField(default=list)  # what the worst of them mean, a few
    paths = models.JSONField(
        default=list
    )  # the fields that break; empty also where there are too many to name
    digest = models.CharField(
        max_length=32, db_default=""
    )  # of all that drifted: the same digest, the same drift
    drifted_at = models.DateTimeField(null=True, blank=True)  # breaking since; None: nothing is broken
    judged_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.port_id}: {self.breaking} breaking, {self.risky} risky, {self.harmless} harmless"


class ProductDescriptor(TimestampedModel):
    """A descriptor of a product (ODPS, registry file) by its kind and own identifier."""

    kind = models.CharField(max_length=20)  # "odps", "registry"
    key = models.CharField(max_length=300)
    product = models.ForeignKey(
        DataProduct, null=True, blank=True, on_delete=models.SET_NULL, related_name="descriptors"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="descriptor_identity")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ProductDescriptorVersion(OriginalVersion):
    descriptor = models.ForeignKey(ProductDescriptor, on_delete=models.CASCADE, related_name="versions")
    baseline = models.JSONField(
        default=dict, blank=True
    )  # the product as this version left it; see descriptor_edits

    class Meta(OriginalVersion.Meta):
        constraints = [
            models.UniqueConstraint(fields=["descriptor", "number"], name="descriptor_version_number")
        ]

    def __str__(self) -> str:
        return f"{self.descriptor} {self.version}"


class ChangeProposal(TimestampedModel):
    """A new version somebody proposes for a contract: what it breaks, who acknowledged it, what became of it."""

    class Standing(models.TextChoices):
        OPEN = "open", "Open"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    contract = models.ForeignKey(DataContract, on_delete=models.CASCADE, related_name="proposals")
    base = models.ForeignKey(ContractVersion, on_delete=models.CASCADE, related_name="+")
    original = models.BinaryField()  # the proposed document
    version = models.CharField(max_length=100)
    note = models.TextField(blank=True)  # why, for those it reaches
    standing = models.CharField(max_length=10, choices=Standing.choices, default=Standing.OPEN)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    published = models.OneToOneField(
        ContractVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="proposal"
    )
    override_reason = models.TextField(blank=True)  # why it was published without every acknowledgement
    sunset_at = models.DateField(null=True, blank=True)  # of the ports that stay on the version before
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.contract} {self.version}"


class Acknowledgement(TimestampedModel):
    """Somebody in charge of a consuming product took note of a breaking change."""

    proposal = models.ForeignKey(ChangeProposal, on_delete=models.CASCADE, related_name="acknowledgements")
    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "product"], name="acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.product} on {self.proposal}"


class ContractTemplate(TimestampedModel):
    """What contracts of one sort have in common, kept by governance; a row named as a built-in one stands in for it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(max_length=1_000, blank=True)  # when to choose it
    text = models.TextField(max_length=100_000)  # an ODCS document without identity, as YAML
    is_offered = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)

    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
