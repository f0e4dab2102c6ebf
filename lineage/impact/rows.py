"""The two graphs as rows of the database: everything the snapshot is built from, and one level at a time."""

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum

from catalog.products.models import OutputPort
from lineage.impact.csr import Edges
from lineage.models import ColumnEdge, LineageEdge, NodeKind

PRODUCTS, COLUMNS = "products", "columns"
DIRECT, INDIRECT = 1, 0  # labels of column edges
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
        return ProductRows.all().filter(valid_to=None).order_by("pk")

    @staticmethod
    def values(edges: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        return edges.values_list("above", "below", "pk", "upstream_id")

    @staticmethod
    def since(newest: int, most: int) -> list[Row]:
        return list(ProductRows.values(ProductRows.in_force().filter(pk__gt=newest))[:most])

    @staticmethod
    def ended_since(moment: dt.datetime, newest: int, most: int) -> list[int]:
        ended = LineageEdge.objects.filter(valid_to__gte=moment, pk__lte=newest)
        return list(ended.order_by("pk").values_list("pk", flat=True)[:most])

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
        return ColumnEdge.objects.filter(valid_to=None).order_by("pk")

    @staticmethod
    def values(edges: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        return edges.values_list("upstream_id", "downstream_id", "pk", "is_direct")

    @staticmethod
    def since(newest: int, most: int) -> list[Row]:
        return list(ColumnRows.values(ColumnRows.in_force().filter(pk__gt=newest))[:most])

    @staticmethod
    def ended_since(moment: dt.datetime, newest: int, most: int) -> list[int]:
        ended = ColumnEdge.objects.filter(valid_to__gte=moment, pk__lte=newest)
        return list(ended.order_by("pk").values_list("pk", flat=True)[:most])

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
    parts: list[Any] = []
    held: list[Row] = []
    for row in rows.values(rows.in_force()).iterator(chunk_size=chunk):
        held.append(row)
        if len(held) == chunk:
            parts.append(np.array(held, np.int64))
            held = []
    parts.append(np.array(held, np.int64).reshape(len(held), 4))
    return Edges(*(np.concatenate([part[:, place] for part in parts]) for place in range(4)))


def _parts(ids: Collection[int]) -> Iterator[list[int]]:
    listed = sorted(ids)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
