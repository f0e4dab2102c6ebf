"""A mesh with columns: each port with an asset, edges written in bulk."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.products.models import DataProduct, OutputPort
from lineage.impact.changes import note_graph_changed
from lineage.models import Column, ColumnEdge, LineageEdge, Source
from tests import factories as make
from tests.conftest import Cast

Name = tuple[OutputPort, str]


class Mesh:
    """Makes products that read from each other, and columns that are made from each other."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast

    def product(self, name: str, **fields: object) -> OutputPort:
        """A product with one port over an asset of its own; returns the port."""
        product = make.make_product(name, domain=fields.pop("domain", self.cast.listening), **fields)
        return make.make_port(product, "rows", asset=make.make_asset(name=name.lower().replace(" ", "_")))

    def reads(self, downstream: OutputPort, upstream: OutputPort) -> None:
        make.make_input_port(downstream.product, upstream)

    def column(self, name: Name) -> Column:
        port, path = name
        found, _ = Column.objects.get_or_create(asset_id=port.asset_id, path=path)
        return found

    def feeds(self, pairs: Iterable[tuple[Name, Name]], *, is_direct: bool = True) -> list[ColumnEdge]:
        now = timezone.now()
        made = ColumnEdge.objects.bulk_create(
            ColumnEdge(
                source=Source.SQL, upstream=self.column(up), downstream=self.column(down), is_direct=is_direct,
                first_seen=now, last_seen=now,
            )
            for up, down in pairs
        )  # fmt: skip
        note_graph_changed()
        return made

    def chain(self, count: int) -> list[OutputPort]:
        """Products each made from the one before, column `a` from column `a`."""
        ports = [self.product(f"Step {place}") for place in range(count)]
        for upstream, downstream in pairwise(ports):
            self.reads(downstream, upstream)
        self.feeds(((up, "a"), (down, "a")) for up, down in pairwise(ports))
        return ports


@pytest.fixture
def mesh(cast: Cast) -> Mesh:
    return Mesh(cast)


@pytest.fixture
def data_folder(tmp_path: Path, settings: Settings) -> Path:
    """A data folder of the test's own, so that its snapshots are."""
    settings.DATA_DIR = tmp_path
    return tmp_path / "lineage"


def hide(product: DataProduct) -> None:
    """Only admins see it from now on."""
    domain = make.make_domain()
    DataProduct.objects.filter(pk=product.pk).update(visibility="private", team=domain.team, domain=domain)


def end_edges(edges: Iterable[LineageEdge | ColumnEdge]) -> None:
    for edge in edges:
        edge.valid_to = timezone.now()
        edge.save()
    note_graph_changed()
