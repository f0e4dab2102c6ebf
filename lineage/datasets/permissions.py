"""Who may know of a dataset or a job, and who may say what a dataset is.

A claimed dataset follows the products that offer it. One in a connection nobody offers follows the connection. One
that only machines told of is in quarantine: for those who could claim it, governance and platform admins.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.connections.models import Connection
from catalog.products.models import OutputPort
from catalog.products.permissions import can_claim_datasets, can_connect_port, can_edit_product
from lineage.datasets.models import DatasetMerge
from lineage.models import Job, LineageEdge, NodeKind, RunDataset


def can_view_quarantine(user: User, nothing: object = None) -> bool:
    """Those who may claim datasets, and governance."""
    return can_claim_datasets(user) or kernel.standing(user).sees_everything


def can_name_dataset(user: User, asset: Asset) -> bool:
    """Those who may edit a product that offers it; unclaimed: who may offer what its store holds, or may claim."""
    who = kernel.standing(user)
    if who.is_platform_admin:
        return True
    ports = list(
        asset.output_ports.select_related("product__domain").prefetch_related("product__stewardships")
    )
    if ports:
        return any(can_edit_product(user, port.product) for port in ports)
    if asset.connection is not None:
        return can_connect_port(user, asset.connection)
    return can_claim_datasets(user)


def visible_assets(user: User) -> "QuerySet[Asset]":
    """Assets whose name `user` may know; merged ones are known by what they were merged into."""
    rows = Asset.objects.exclude(pk__in=DatasetMerge.objects.done().values("gone"))
    if kernel.standing(user).sees_everything:
        return rows
    ports = OutputPort.objects.filter(asset=OuterRef("pk"))
    offered = Q(Exists(ports.visible_to(user)))
    unclaimed = Q(connection__in=Connection.objects.visible_to(user).values("pk"))
    if can_claim_datasets(user):
        unclaimed |= Q(connection=None)
    return rows.filter(offered | (~Exists(ports) & unclaimed))


def visible_jobs(user: User) -> "QuerySet[Job]":
    """Jobs that write something `user` may know of; of those that write nothing, the ones that read it.

    Who only reads what somebody else owns is not that owner's to know: its name says what is made of it.
    """
    if kernel.standing(user).sees_everything:
        return Job.objects.all()
    seen = visible_assets(user).order_by().values("pk")
    touched = RunDataset.objects.filter(job=OuterRef("pk"))
    edges = LineageEdge.objects.in_force().filter(
        job=OuterRef("pk"), upstream_kind=NodeKind.ASSET, downstream_kind=NodeKind.ASSET
    )
    writes = Exists(touched.filter(is_output=True)) | Exists(edges)
    return Job.objects.filter(
        Exists(touched.filter(is_output=True, asset__in=seen))
        | Exists(edges.filter(downstream_id__in=seen))
        | (~writes & Exists(touched.filter(asset__in=seen)))
    )


kernel.register("dataset.view_quarantine", can_view_quarantine, on="")
kernel.register("dataset.name", can_name_dataset, on="asset")
