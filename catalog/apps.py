"""The app: on start, features announce their permissions, receivers and registrations."""

from importlib import import_module

from django.apps import AppConfig

ANNOUNCED = (
    "catalog.audit.receivers",
    "catalog.accounts.permissions",
    "catalog.accounts.openapi",
    "catalog.accounts.receivers",
    "catalog.accounts.role_holdings",
    "catalog.identity.permissions",
    "catalog.identity.receivers",
    "catalog.domains.permissions",
    "catalog.vocabulary.permissions",
    "catalog.connections.permissions",
    "catalog.connections.receivers",
    "catalog.products.permissions",
    "catalog.products.receivers",
    "catalog.schemas.tabs",
    "catalog.crawling.permissions",
    "catalog.crawling.receivers",
    "catalog.products.holdings",
    "catalog.products.samples",
    "catalog.crawling.samples",
    "catalog.quality.permissions",
    "catalog.quality.samples",
    "catalog.quality.tabs",
    "catalog.slos.permissions",
    "catalog.slos.samples",
    "catalog.slos.tabs",
    "catalog.contracts.permissions",
    "catalog.contracts.outside_ports",
    "catalog.contracts.samples",
    "catalog.contracts.tabs",
    "catalog.access.permissions",
    "catalog.access.receivers",
    "catalog.access.samples",
    "catalog.access.tabs",
    "catalog.access.consumers",
    "catalog.access.places",
    "catalog.trust.permissions",
    "catalog.incidents.permissions",
    "catalog.incidents.samples",
    "catalog.incidents.tabs",
    "catalog.incidents.receivers",
    "catalog.trust.receivers",
    "catalog.discussions.permissions",
    "catalog.discussions.samples",
    "catalog.discussions.tabs",
    "catalog.glossary.permissions",
    "catalog.glossary.samples",
    "catalog.search.receivers",
    "catalog.events.receivers",
    "catalog.notifications.webhooks.permissions",
    "catalog.notifications.webhooks.samples",
    "catalog.notifications.parts",
    "catalog.notifications.receivers",
)


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"

    def ready(self) -> None:
        for module in ANNOUNCED:
            import_module(module)
