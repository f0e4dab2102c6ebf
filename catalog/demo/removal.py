"""Taking the demo away: what the loader and its documents made, and nothing else."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model, ProtectedError, Q, QuerySet

from catalog.access.models import ApprovalRule
from catalog.accounts.models import Team, User
from catalog.assets.models import Asset
from catalog.audit import services as audit
from catalog.audit.models import ChangeMark
from catalog.common.documents import read_document
from catalog.common.errors import NotFound
from catalog.connections.models import Connection
from catalog.contracts.models import DataContract, PortContract, ProductDescriptor
from catalog.demo import state
from catalog.demo.state import State
from catalog.demo.structure import document_paths
from catalog.domains.models import Domain
from catalog.glossary.models import GlossaryTerm
from catalog.products.models import DataProduct, OutputPort
from catalog.schemas.models import SchemaVersion
from catalog.vocabulary.models import Classification, Purpose


def remove_demo(*, dry_run: bool = False) -> tuple[Counter[str], list[str]]:
    """Remove the demo's products, documents, connections, people, domains, teams, stores and its mark.

    Returns how many of each went, and what stays because somebody uses it. Raises NotFound when there is no demo.
    """
    if state.read() is None:
        raise NotFound("There is no demo in this data folder.")
    with state.lock(wait=True):  # a look of the worker into the demo's stores ends first
        kept = state.read()
        if kept is None:
            raise NotFound("The demo was removed meanwhile.")
        with transaction.atomic():
            counts = _remove_rows(kept)
            stays = _remove_structure(kept, counts)
            if dry_run:
                transaction.set_rollback(True)
        if not dry_run:
            shutil.rmtree(state.folder(), ignore_errors=True)
            (Path(settings.DATA_DIR) / state.MARK).unlink(missing_ok=True)
    return counts, stays


def _remove_rows(kept: State) -> Counter[str]:
    """Products with everything that hangs on them, then documents, then connections with what was crawled there."""
    counts: Counter[str] = Counter()
    products = DataProduct.objects.filter(is_demo=True)
    ports = OutputPort.objects.filter(product__in=products)
    keys = {str(read_document(path.read_bytes()).data["id"]) for path in document_paths()}
    contracts = DataContract.objects.filter(Q(product__in=products) | Q(product=None, key__in=keys))
    contract_ids = list(contracts.values_list("pk", flat=True))
    schemas = list(ports.exclude(declared_schema=None).values_list("declared_schema", flat=True))
    connections = Connection.objects.filter(slug__in=kept.made.get("connections", []))
    audit.mark_changed(ChangeMark.Kind.PRODUCT, list(products.values_list("pk", flat=True)))
    audit.mark_changed(ChangeMark.Kind.PORT, list(ports.values_list("pk", flat=True)))
    _delete(counts, "documents", ProductDescriptor.objects.filter(product__in=products))
    PortContract.objects.filter(port__in=ports).delete()
    _forget_history(kept, products, ports)
    _delete(counts, "products", products)
    _delete(counts, "contracts", DataContract.objects.filter(pk__in=contract_ids, versions__in_force_on=None))
    SchemaVersion.objects.filter(pk__in=schemas, declared_by=None).delete()
    _delete(counts, "assets", Asset.objects.filter(connection__in=connections, output_ports=None))
    _delete(counts, "connections", connections.filter(output_ports=None))
    return counts


def _forget_history(kept: State, products: QuerySet[DataProduct], ports: QuerySet[OutputPort]) -> None:
    """Rows of the field history; the audit trail stays, as it always does."""
    DataProduct.history.filter(id__in=list(products.values_list("pk", flat=True))).delete()
    GlossaryTerm.history.filter(slug__in=kept.made.get("terms", [])).delete()
    OutputPort.history.filter(id__in=list(ports.values_list("pk", flat=True))).delete()


def _remove_structure(kept: State, counts: Counter[str]) -> list[str]:
    """Domains, people, teams and words the loader made, unless somebody put something of their own there."""
    stays: list[str] = []
    for kind, model, name in (
        ("terms", GlossaryTerm, "slug"), ("domains", Domain, "slug"), ("people", User, "username"),
        ("teams", Team, "slug"),
        ("rules", ApprovalRule, "name"), ("classifications", Classification, "slug"), ("purposes", Purpose, "slug"),
    ):  # fmt: skip
        found: Any = model._default_manager.filter(**{f"{name}__in": kept.made.get(kind, [])})
        for item in sorted(found, key=lambda item: -getattr(item, "depth", 0)):
            if _is_used(item) or not _try_delete(item):
                stays.append(f"{kind[:-1] if kind != 'people' else 'person'} {item}")
            else:
                counts[kind] += 1
    return stays


def _is_used(item: Model) -> bool:
    if isinstance(item, Domain):
        return Domain.objects.get(pk=item.pk).numchild > 0 or item.products.exists()
    if isinstance(item, Team):
        fresh: Team = Team.objects.get(pk=item.pk)
        return fresh.numchild > 0 or fresh.memberships.exists()
    if isinstance(item, GlossaryTerm):
        return bool(item.links.exists())
    if isinstance(item, Classification):
        return bool(item.products.exists())
    return False


def _try_delete(item: Model) -> bool:
    try:
        with transaction.atomic():
            type(item)._default_manager.get(pk=item.pk).delete()
    except ProtectedError:
        return False
    return True


def _delete(counts: Counter[str], kind: str, rows: QuerySet[Any]) -> None:
    counts[kind] += rows.count()
    rows.delete()
