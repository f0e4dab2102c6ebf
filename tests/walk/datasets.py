"""Jobs and datasets: jobs follow what they write, datasets in quarantine are for those who may claim them."""

from typing import Any

from django.utils import timezone

from lineage.datasets.merging import bind_name
from lineage.datasets.models import DatasetAlias, DatasetMerge
from lineage.datasets.naming import DatasetName
from lineage.datasets.services import find_or_make_assets
from lineage.models import RunDataset, SenderRejection
from tests.walk import Example, Routes, each, hidden, page
from tests.walk.marquez import both, open_job, vault_job
from tests.walk.world import MARK, World

SORTERS = page(200, consumer=403, guest=403)
DONE = page(302, consumer=403, guest=403)
CONCEALED = page(404, consumer=403, guest=403, admin=302)


def _dataset(name: str) -> Any:
    """A dataset only events told of."""
    named = DatasetName("s3://walk", name)
    return find_or_make_assets([named], seen_at=timezone.now())[named]


def some(world: World) -> dict[str, Any]:
    """A dataset in quarantine, and names and merges both open and of the vault."""
    _dataset("orphan")
    alias(world)
    merge(world)
    vault_alias(world)
    vault_merge(world)
    return {}


def of_plays(world: World) -> dict[str, Any]:
    """What Play events offers: a job writes it, another that only the admin may know of reads it."""
    assert world.plays.asset is not None
    now = timezone.now()
    open_job(world)
    RunDataset.objects.get_or_create(
        job=vault_job(world), run=None, asset=world.plays.asset, is_output=False,
        defaults={"first_event_at": now, "last_event_at": now},
    )  # fmt: skip
    return {"pk": world.plays.asset.pk}


def of_the_vault(world: World) -> dict[str, Any]:
    return {"pk": world.vault_asset.pk}


def orphan(world: World) -> dict[str, Any]:
    return {"pk": _dataset("orphan")}


def of_a_sender(world: World) -> dict[str, Any]:
    return {"sender": world.cast.steward.username, "reason": "Its names are of another store."}


def _rejection(world: World, asset: Any) -> dict[str, Any]:
    row, _ = SenderRejection.objects.get_or_create(
        asset=asset,
        sender=world.cast.consumer,
        ended_at=None,
        defaults={"reason": "x", "made_at": timezone.now()},
    )
    return {"pk": asset.pk, "rejection": row.pk}


def rejection(world: World) -> dict[str, Any]:
    """Somebody is not believed about what Play events offers."""
    return _rejection(world, world.plays.asset)


def vault_rejection(world: World) -> dict[str, Any]:
    return _rejection(world, world.vault_asset)


def alias(world: World) -> dict[str, Any]:
    """Another name of the plays."""
    found = DatasetAlias.objects.in_force().filter(name="plays-again").first()
    assert world.plays.asset is not None
    row = found or bind_name(actor=None, namespace="s3://walk", name="plays-again", asset=world.plays.asset)
    return {"pk": row.pk}


def vault_alias(world: World) -> dict[str, Any]:
    """Another name of what only the admin may know of."""
    found = DatasetAlias.objects.in_force().filter(name=f"{MARK}-again").first()
    row = found or bind_name(actor=None, namespace="s3://walk", name=f"{MARK}-again", asset=world.vault_asset)
    return {"pk": row.pk}


def _merge(kept: int, name: str) -> dict[str, Any]:
    row, _ = DatasetMerge.objects.get_or_create(
        kept_id=kept, gone_id=_dataset(name), state="proposed",
        defaults={"reason": "spelling", "proposed_at": timezone.now()},
    )  # fmt: skip
    return {"pk": row.pk}


def merge(world: World) -> dict[str, Any]:
    """A proposal about two datasets in quarantine."""
    return _merge(_dataset("one"), "other")


def vault_merge(world: World) -> dict[str, Any]:
    """A proposal about what only the admin may know of."""
    return _merge(world.vault_asset.pk, "third")


def nothing_ticked(world: World) -> dict[str, Any]:
    return {"action": "ignore"}


def job(world: World) -> dict[str, Any]:
    return {"pk": open_job(world).pk}


def secret_job(world: World) -> dict[str, Any]:
    return {"pk": vault_job(world).pk}


ROUTES: Routes = {
    "lineage:jobs": [
        Example(both, page(guest=200)),
        Example(both, page(guest=200), query="?q=load&state=failed&namespace=etl"),
    ],
    "lineage:job": [Example(job, page()), Example(secret_job, hidden(), conceals=True)],
    "lineage:datasets": [
        Example(some, SORTERS),
        Example(some, SORTERS, query="?view=names&q=a"),
        Example(some, SORTERS, query="?view=merges"),
        Example(some, DONE, method="POST", body=nothing_ticked),
    ],
    "lineage:dataset": [
        Example(of_plays, page()),
        Example(of_the_vault, hidden(), conceals=True),
        Example(orphan, page(200, consumer=404)),
    ],
    "lineage:dataset-reject": [
        Example(of_plays, page(403, owner=302, admin=302), method="POST", body=of_a_sender),
        Example(of_the_vault, page(404, admin=302), method="POST", body=of_a_sender, conceals=True),
    ],
    "lineage:dataset-believe": [
        Example(rejection, page(403, owner=302, admin=302), method="POST"),
        Example(vault_rejection, page(404, admin=302), method="POST", conceals=True),
    ],
    "lineage:dataset-bind": [
        Example(some, page(200, consumer=403, guest=403), method="POST"),
        Example(some, each(owner=405, steward=405, consumer=405, guest=405, admin=405, anonymous=302)),
    ],
    "lineage:dataset-unbind": [
        Example(alias, page(403, owner=302, guest=403, admin=302), method="POST"),
        Example(vault_alias, CONCEALED, method="POST", conceals=True),
    ],
    "lineage:dataset-merge": [
        Example(merge, DONE, method="POST", body=lambda world: {"action": "merge"}),
        Example(
            vault_merge, CONCEALED, method="POST", body=lambda world: {"action": "decline"}, conceals=True
        ),
    ],
}
