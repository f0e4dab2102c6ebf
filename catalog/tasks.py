"""Assembly: every feature's Celery tasks, so that the worker finds them and beat reads their PERIODIC."""

from types import ModuleType

from catalog.access import tasks as access
from catalog.accounts import tasks as accounts
from catalog.audit import tasks as audit
from catalog.connections import tasks as connections
from catalog.crawling import tasks as crawling
from catalog.demo import tasks as demo
from catalog.incidents import tasks as incidents
from catalog.notifications import tasks as notifications
from catalog.quality import tasks as quality
from catalog.search import tasks as search
from catalog.slos import tasks as slos

modules: tuple[ModuleType, ...] = (
    access,
    accounts,
    audit,
    connections,
    crawling,
    demo,
    incidents,
    notifications,
    quality,
    search,
    slos,
)
