"""Marks for whatever a document is made of, left in the transaction of the change, and the doorbell after it.

Services of products, domains and vocabulary mark what they write. These receivers mark as well where rows are saved
by other ways (the admin of a team, a stewardship deleted with its person): a mark too many costs nothing.
"""

import logging
import time
from typing import Any

from django.db import connection, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from django.dispatch import receiver

from catalog.accounts.models import Team, User
from catalog.audit.models import ChangeMark
from catalog.audit.services import mark_changed, mark_changed_in
from catalog.audit.signals import changes_marked
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.products.models import DataProduct, OutputPort, Stewardship
from catalog.schemas.models import FieldAnnotation, SchemaVersion
from catalog.search import tasks
from catalog.vocabulary.models import Classification, Tag

logger = logging.getLogger(__name__)
_silent_until = 0.0  # by time.monotonic()
PRODUCT, PORT = ChangeMark.Kind.PRODUCT, ChangeMark.Kind.PORT


@receiver([post_save, post_delete], sender=DataProduct, dispatch_uid="catalog.search.product")
def product_written(instance: DataProduct, raw: bool = False, **_: Any) -> None:
    if not raw:
        mark_changed(PRODUCT, [instance.pk])


@receiver([post_save, post_delete], sender=OutputPort, dispatch_uid="catalog.search.port")
def port_written(instance: OutputPort, raw: bool = False, **_: Any) -> None:
    if not raw:
        mark_changed(PORT, [instance.pk])
        mark_changed(PRODUCT, [instance.product_id])


@receiver([post_save, post_delete], sender=Stewardship, dispatch_uid="catalog.search.stewardship")
def stewardship_written(instance: Stewardship, raw: bool = False, **_: Any) -> None:
    if not raw:
        mark_changed(PRODUCT, [instance.product_id])


@receiver(m2m_changed, sender=DataProduct.tags.through, dispatch_uid="catalog.search.tags")
def tags_changed(instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
    if action == "pre_clear" and reverse:
        mark_changed_in(PRODUCT, DataProduct.objects.filter(tags=instance))
    elif action.startswith("post_"):
        mark_changed(PRODUCT, (pk_set or ()) if reverse else [instance.pk])


@receiver(post_save, sender=Team, dispatch_uid="catalog.search.team")
def team_saved(instance: Team, created: bool, **_: Any) -> None:
    if not created:
        mark_changed_in(PRODUCT, DataProduct.objects.filter(team=instance))


@receiver(post_save, sender=User, dispatch_uid="catalog.search.user")
def person_saved(
    instance: User, created: bool, update_fields: frozenset[str] | None = None, **_: Any
) -> None:
    if not created and (update_fields is None or not update_fields.isdisjoint({"name", "username"})):
        mark_changed_in(PRODUCT, DataProduct.objects.filter(stewardships__user=instance))


@receiver(post_save, sender=Domain, dispatch_uid="catalog.search.domain")
def domain_saved(instance: Domain, created: bool, **_: Any) -> None:
    if not created:
        mark_changed_in(PRODUCT, DataProduct.objects.filter(domain__path__startswith=instance.path))


@receiver([post_save, pre_delete], sender=Tag, dispatch_uid="catalog.search.tag")
def tag_written(instance: Tag, created: bool = False, **_: Any) -> None:
    if not created:
        mark_changed_in(PRODUCT, DataProduct.objects.filter(tags=instance))


@receiver([post_save, pre_delete], sender=Classification, dispatch_uid="catalog.search.classification")
def classification_written(instance: Classification, created: bool = False, **_: Any) -> None:
    if not created:
        mark_changed_in(PRODUCT, DataProduct.objects.filter(classification=instance))


@receiver([post_save, post_delete], sender=TermLink, dispatch_uid="catalog.search.term_link")
def term_link_written(instance: TermLink, raw: bool = False, **_: Any) -> None:
    if not raw:
        mark_changed(PRODUCT, [instance.product_id])


@receiver([post_save, pre_delete], sender=GlossaryTerm, dispatch_uid="catalog.search.term")
def term_written(instance: GlossaryTerm, created: bool = False, **_: Any) -> None:
    if not created:
        mark_changed_in(PRODUCT, DataProduct.objects.filter(term_links__term=instance))


@receiver([post_save, post_delete], sender=FieldAnnotation, dispatch_uid="catalog.search.annotation")
@receiver(post_save, sender=SchemaVersion, dispatch_uid="catalog.search.schema")
def columns_changed(instance: FieldAnnotation | SchemaVersion, raw: bool = False, **_: Any) -> None:
    if not raw and instance.asset_id is not None:
        mark_changed_in(PORT, OutputPort.objects.filter(asset=instance.asset_id))


@receiver(changes_marked, dispatch_uid="catalog.search.ring")
def ring_when_kept(**_: Any) -> None:
    """Once a transaction, whatever the number of marks; without a transaction at once."""
    if not any(entry[1] is ring for entry in connection.run_on_commit):
        transaction.on_commit(ring, robust=True)


def ring() -> None:
    """Ask for a drain, unless the broker was away a moment ago: waiting for it again would slow every write."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        tasks.ring()
    except Exception as error:  # whatever the broker's client raises while it is away
        _silent_until = time.monotonic() + tasks.TICK.total_seconds()
        logger.warning("No worker could be rung to drain marks (%s); beat will", type(error).__name__)
