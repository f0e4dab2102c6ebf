"""The two graphs as rows of the database: everything the snapshot is built from, and one level at a time."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import Count, F, Min, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from catalog.products.models import OutputPort
from lineage.impact.csr import NO_INTS, Edges, Ints
from lineage.models import Column, ColumnEdge, LineageEdge, NodeKind, there_at

PRODUCTS, COLUMNS = "products", "columns"
DIRECT, INDIRECT = 1, 0  # labels of column edges
MANY = 20_000  # columns
_AT_ONCE = 500
Row = tuple[int, int, int, int]  # upstream, downstream, edge, label


class ProductRows:
    """Product to product by way of a port, which is the label."""

    @staticmethod
    def all() -> "QuerySet[Any, Any]":
        offering = OutputPort.objects.filter(pk=OuterRef("upstream_id")).values("product_id")
        edges = LineageEdge.objects.filter(upstream_kind=NodeKind.PORT, downstream_kind=NodeKind.PRODUCT)
        return edges.annotate(above=Subquery(offering), below=F("downstream_id")).filter(above__isnull=False)

    @staticmethod
    def in_force() -> "QuerySet[Any, Any]":
        return ProductRows.all().filter(there_at(None)).order_by("pk")

    @staticmethod
    def values(edges: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        return edges.values_list("above", "below", "pk", "upstream_id")

    @staticmethod
    def since(newest: int, most: int) -> list[Row]:
        return list(ProductRows.values(ProductRows.in_force().filter(pk__gt=newest))[:most])

    @staticmethod
    def ended_since(moment: dt.datetime, newest: int, most: int) -> list[int]:
        ended = LineageEdge.objects.filter(valid_to__gte=moment, valid_to__lte=timezone.now(), pk__lte=newest)
        return list(ended.order_by("pk").values_list("pk", flat=True)[:most])

    @staticmethod
    def next_end() -> dt.datetime | None:
        """When the next of the edges in force ends by itself: one drawn by hand may have an end to come."""
        found: dt.datetime | None = LineageEdge.objects.filter(valid_to__gt=timezone.now()).aggregate(
            next=Min("valid_to")
        )["next"]
        return found

    @staticmethod
    def group_of(ids: Ints) -> Ints:
        """A product is a group of its own."""
        return ids

    @staticmethod
    def print_now() -> tuple[int, int]:
        found = ProductRows.in_force().order_by().aggregate(count=Count("pk"), total=Sum("pk"))
        return found["count"], found["total"] or 0

    @staticmethod
    def level(frontier: Collection[int], down: bool) -> Iterator[Row]:
        for part in _parts(frontier):
            ports = OutputPort.objects.filter(product__in=part).values("pk")
            near = {"upstream_id__in": ports} if down else {"downstream_id__in": part}
            yield from ProductRows.values(ProductRows.in_force().filter(**near))


class ColumnRows:
    """Column to column; the label is DIRECT or INDIRECT."""

    @staticmethod
    def in_force() -> "QuerySet[Any, Any]":
        return ColumnEdge.objects.in_force().order_by("pk")

    @staticmethod
    def values(edges: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        return edges.values_list("upstream_id", "downstream_id", "pk", "is_direct")

    @staticmethod
    def since(newest: int, most: int) -> list[Row]:
        return list(ColumnRows.values(ColumnRows.in_force().filter(pk__gt=newest))[:most])

    @staticmethod
    def ended_since(moment: dt.datetime, newest: int, most: int) -> list[int]:
        ended = ColumnEdge.objects.filter(valid_to__gte=moment, valid_to__lte=timezone.now(), pk__lte=newest)
        return list(ended.order_by("pk").values_list("pk", flat=True)[:most])

    @staticmethod
    def next_end() -> dt.datetime | None:
        found: dt.datetime | None = ColumnEdge.objects.filter(valid_to__gt=timezone.now()).aggregate(
            next=Min("valid_to")
        )["next"]
        return found

    @staticmethod
    def group_of(ids: Ints) -> Ints:
        """The assets of columns; -1 for one that is gone. A few are asked for, many are found among all."""
        rows = Column.objects.order_by("pk").values_list("pk", "asset_id")
        known, assets = [NO_INTS], [NO_INTS]
        if len(ids) <= MANY:
            pieces: Iterable[list[Any]] = [list(rows.filter(pk__in=part)) for part in _parts(ids.tolist())]
        else:
            pieces = batched(rows.iterator(chunk_size=MANY), MANY)
        for piece in pieces:
            held = np.array(piece, np.int64).reshape(-1, 2)
            known.append(held[:, 0])
            assets.append(held[:, 1])
        columns, groups = np.concatenate(known), np.concatenate(assets)
        if not len(columns):
            return np.full(len(ids), -1, np.int64)
        at = np.minimum(np.searchsorted(columns, ids), len(columns) - 1)
        return np.where(columns[at] == ids, groups[at], -1)

    @staticmethod
    def print_now() -> tuple[int, int]:
        found = ColumnRows.in_force().order_by().aggregate(count=Count("pk"), total=Sum("pk"))
        return found["count"], found["total"] or 0

    @staticmethod
    def level(frontier: Collection[int], down: bool) -> Iterator[Row]:
        name = "upstream" if down else "downstream"
        for part in _parts(frontier):
            yield from ColumnRows.values(ColumnRows.in_force().filter(**{f"{name}__in": part}))


GRAPHS: dict[str, type[ProductRows] | type[ColumnRows]] = {PRODUCTS: ProductRows, COLUMNS: ColumnRows}


def edges_of(rows: type[ProductRows] | type[ColumnRows], chunk: int) -> Edges:
    """Every edge in force, read in pieces: what Python holds at once does not grow with the mesh."""
    read = batched(rows.values(rows.in_force()).iterator(chunk_size=chunk), chunk)
    parts = [np.array(piece, np.int64) for piece in read] or [np.empty((0, 4), np.int64)]
    return Edges(*(np.concatenate([part[:, place] for part in parts]) for place in range(4)))


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """`rows` in lists of `size`."""
    source = iter(rows)
    while piece := list(islice(source, size)):
        yield piece


def _parts(ids: Collection[int]) -> Iterator[list[int]]:
    listed = sorted(ids)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
