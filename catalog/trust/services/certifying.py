"""Certifying products and ports, and taking it back. That a certification runs out is never written: it is read."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.models import ChangeMark
from catalog.common.errors import Conflict, Invalid, Problem
from catalog.common.validation import clean
from catalog.products.models import DataProduct, Lifecycle, OutputPort
from catalog.trust.models import Certification
from catalog.trust.services.refreshing import refresh_ports, refresh_products

LONGEST = dt.timedelta(days=2 * 366)  # that a certification may last
DENIED = "Stewards and governance certify products."


@transaction.atomic
def certify(
    *,
    actor: User | None,
    product: DataProduct,
    port: OutputPort | None = None,
    reason: str,
    expires_at: dt.datetime,
    now: dt.datetime | None = None,
) -> Certification:
    """Certify a product, or one of its ports, until `expires_at`; a certification in force is replaced.

    Raises NotAllowed, Invalid (no reason, an end that is past or too far), Conflict (not published, retired).
    """
    now = now or timezone.now()
    kernel.require(actor, "product.certify", product, DENIED)
    DataProduct.objects.select_for_update().get(pk=product.pk)  # one at a time
    _check_subject(product, port)
    _check_end(expires_at, now)
    made = Certification(
        product=product, port=port, reason=reason.strip(), certified_at=now, certified_by=actor,
        expires_at=expires_at,
    )  # fmt: skip
    replaced = Certification.objects.filter(product=product, port=port, withdrawn_at=None).first()
    if replaced is not None:  # one that has run out ended then, not now
        replaced.withdrawn_at, replaced.withdrawn_by = min(now, replaced.expires_at), actor
        replaced.save()
    clean(made)
    made.save(force_insert=True)
    if replaced is not None:
        replaced.replaced_by = made
        replaced.save(update_fields=["replaced_by"])
    before = replaced.expires_at.isoformat() if replaced is not None and replaced.expires_at > now else None
    audit.record(
        actor=actor, verb="certification.given", obj=made, product_id=product.pk,
        changes={"certified_until": [before, expires_at.isoformat()]},
        detail={"reason": made.reason, "port": str(port) if port else ""},
    )  # fmt: skip
    _refresh(product, now)
    return made


@transaction.atomic
def withdraw_certification(
    *, actor: User | None, certification: Certification, reason: str, now: dt.datetime | None = None
) -> Certification:
    """End a certification before its time, with a reason. Raises NotAllowed, Invalid, Conflict (it ended already)."""
    now = now or timezone.now()
    kernel.require(actor, "product.certify", certification.product, DENIED)
    fresh = (
        Certification.objects.select_for_update(of=("self",))
        .select_related("product", "port")
        .get(pk=certification.pk)
    )
    if fresh.standing(now) != "in_force":
        raise Conflict("This certification has ended already.", kept="Nothing was changed.")
    if not reason.strip():
        raise Invalid("Say why.", problems=[Problem("reason", "required", "Say why it is withdrawn.")])
    fresh.withdrawn_at, fresh.withdrawn_by, fresh.withdrawn_reason = now, actor, reason.strip()
    clean(fresh)
    fresh.save()
    audit.record(
        actor=actor, verb="certification.withdrawn", obj=fresh, product_id=fresh.product_id,
        changes={"certified_until": [fresh.expires_at.isoformat(), now.isoformat()]},
        detail={"reason": fresh.withdrawn_reason, "port": str(fresh.port) if fresh.port else ""},
    )  # fmt: skip
    _refresh(fresh.product, now)
    return fresh


def _check_subject(product: DataProduct, port: OutputPort | None) -> None:
    if not product.is_published or product.lifecycle == Lifecycle.RETIRED:
        raise Conflict(
            f"{product} is {product.get_lifecycle_display().lower()}: only what is offered can be certified.",
            remedy="Publish it first." if not product.is_published else "",
        )
    if port is not None and port.product_id != product.pk:
        problem = Problem("port", "choice", f"{product} has no such port.")
        raise Invalid("The port is not one of this product.", problems=[problem])


def _check_end(expires_at: dt.datetime, now: dt.datetime) -> None:
    words = ""
    if expires_at <= now:
        words = "Choose an end in the future."
    elif expires_at - now > LONGEST:
        words = "A certification lasts two years at most; renew it then."
    if words:
        raise Invalid(words, "Nothing was changed.", problems=[Problem("expires_at", "range", words)])


def _refresh(product: DataProduct, now: dt.datetime) -> None:
    ids = list(product.output_ports.values_list("pk", flat=True))
    refresh_ports(port_ids=ids, now=now)
    refresh_products(product_ids=[product.pk], now=now)
    audit.mark_changed(ChangeMark.Kind.PORT, ids)
    audit.mark_changed(ChangeMark.Kind.PRODUCT, [product.pk])
