"""What ports and contracts declare is kept in the transaction of the change."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from catalog.contracts.models import PortContract
from catalog.products.models import OutputPort
from lineage.datasets.declaring import sync_declared_names


@receiver(post_save, sender=OutputPort, dispatch_uid="lineage.datasets.port_saved")
def follow_port(instance: OutputPort, **_: Any) -> None:
    sync_declared_names([instance.pk])


@receiver(post_save, sender=PortContract, dispatch_uid="lineage.datasets.contract_in_force")
def follow_contract(instance: PortContract, **_: Any) -> None:
    sync_declared_names([instance.port_id])
