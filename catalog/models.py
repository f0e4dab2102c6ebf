"""Assembly: every model of the app, so that Django and its migrations find them."""

from catalog.access.basket import BasketItem
from catalog.access.delegations import Delegation
from catalog.access.drift import OutsideReader, StoreLook
from catalog.access.models import (
    AccessComment,
    AccessRequest,
    Agreement,
    ApprovalRule,
    ApprovalStage,
    Decision,
    PortTerms,
    RequestStage,
)
from catalog.accounts.models import ApiToken, Invitation, Membership, Session, Team, User
from catalog.assets.models import Asset, AssetReading, ViewDefinition
from catalog.audit.models import AuditEvent, ChangeMark, Numbering, OutboxEvent, ReadMark
from catalog.common.models import OldAddress
from catalog.connections.models import Connection, ConnectionCheck
from catalog.contracts.models import (
    Acknowledgement,
    ChangeProposal,
    ContractTemplate,
    ContractVersion,
    DataContract,
    PortContract,
    PortDrift,
    ProductDescriptor,
    ProductDescriptorVersion,
)
from catalog.crawling.models import CrawlItem, CrawlRun
from catalog.discussions.models import Announcement, Answer, EarlierWords, Question
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.identity.models import (
    GroupRule,
    ProviderAccount,
    ProvisionedGroup,
    ProvisionedPerson,
    RecoveryCode,
    SecondFactor,
)
from catalog.incidents.models import Incident, IncidentEvent, IncidentReach, PublicStatus
from catalog.notifications.models import Notice, Notification, Preference, Subscription
from catalog.notifications.webhooks.models import Webhook, WebhookDelivery
from catalog.products.models import DataProduct, InputPort, OutputPort, Stewardship
from catalog.quality.models import CheckResult, CheckState, QualityCheck, QualityScore, WaitingResults
from catalog.schemas.models import Field, FieldAnnotation, FieldProfile, SchemaVersion
from catalog.search.models import SearchState
from catalog.slos.models import Measurement, MeasurementRollup, ServiceLevelObjective, SloState
from catalog.trust.models import Certification, PortTrust, ProductTrust
from catalog.vocabulary.models import Classification, Purpose, Tag

__all__ = [
    "AccessComment",
    "AccessRequest",
    "Acknowledgement",
    "Agreement",
    "Announcement",
    "Answer",
    "ApiToken",
    "ApprovalRule",
    "ApprovalStage",
    "Asset",
    "AssetReading",
    "AuditEvent",
    "BasketItem",
    "Certification",
    "ChangeMark",
    "ChangeProposal",
    "CheckResult",
    "CheckState",
    "Classification",
    "Connection",
    "ConnectionCheck",
    "ContractTemplate",
    "ContractVersion",
    "CrawlItem",
    "CrawlRun",
    "DataContract",
    "DataProduct",
    "Decision",
    "Delegation",
    "Domain",
    "EarlierWords",
    "Field",
    "FieldAnnotation",
    "FieldProfile",
    "GlossaryTerm",
    "GroupRule",
    "Incident",
    "IncidentEvent",
    "IncidentReach",
    "InputPort",
    "Invitation",
    "Measurement",
    "MeasurementRollup",
    "Membership",
    "Notice",
    "Notification",
    "Numbering",
    "OldAddress",
    "OutboxEvent",
    "OutputPort",
    "OutsideReader",
    "PortContract",
    "PortDrift",
    "PortTerms",
    "PortTrust",
    "Preference",
    "ProductDescriptor",
    "ProductDescriptorVersion",
    "ProductTrust",
    "ProviderAccount",
    "ProvisionedGroup",
    "ProvisionedPerson",
    "PublicStatus",
    "Purpose",
    "QualityCheck",
    "QualityScore",
    "Question",
    "ReadMark",
    "RecoveryCode",
    "RequestStage",
    "SchemaVersion",
    "SearchState",
    "SecondFactor",
    "ServiceLevelObjective",
    "Session",
    "SloState",
    "Stewardship",
    "StoreLook",
    "Subscription",
    "Tag",
    "Team",
    "TermLink",
    "User",
    "ViewDefinition",
    "WaitingResults",
    "Webhook",
    "WebhookDelivery",
]
