"""Assembly: one include per feature; `api_urlpatterns` stands below /api/v1/, `compat_urlpatterns` below /api/."""

from django.urls import URLPattern, URLResolver, include, path

from catalog.access import urls as access
from catalog.accounts import urls as accounts
from catalog.assets import urls as assets
from catalog.audit import urls as audit
from catalog.common import urls as common
from catalog.connections import urls as connections
from catalog.contracts import compat_urls as contracts_compat
from catalog.contracts import urls as contracts
from catalog.crawling import urls as crawling
from catalog.discussions import urls as discussions
from catalog.domains import urls as domains
from catalog.events import urls as events
from catalog.glossary import urls as glossary
from catalog.identity import urls as identity
from catalog.incidents import urls as incidents
from catalog.notifications import urls as notifications
from catalog.products import urls as products
from catalog.quality import compat_urls as quality_compat
from catalog.quality import urls as quality
from catalog.quality.outside import urls as outside
from catalog.schemas import urls as schemas
from catalog.search import urls as search
from catalog.slos import urls as slos
from catalog.trust import urls as trust
from catalog.vocabulary import urls as vocabulary

features = (
    access,
    accounts,
    assets,
    audit,
    common,
    connections,
    contracts,
    crawling,
    discussions,
    domains,
    events,
    glossary,
    identity,
    notifications,
    incidents,
    products,
    quality,
    schemas,
    search,
    slos,
    trust,
    vocabulary,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((feature.urlpatterns, feature.app_name))) for feature in features
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    *(pattern for feature in features for pattern in feature.api_urlpatterns),
    *outside.api_urlpatterns,
]
compat_urlpatterns: list[URLPattern | URLResolver] = [
    *contracts_compat.urlpatterns,
    *quality_compat.urlpatterns,
]
