"""What lists of runs can be narrowed by, the same on the page and in the API; unknown values are refused."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.connections.models import Connection
from catalog.crawling.models import CrawlRun
from catalog.crawling.selectors import ACTIVE, FAILING

STATES = (("active", "Queued or running"), ("failing", "Failing"), *CrawlRun.Status.choices)


def _connections(request: HttpRequest | None) -> QuerySet[Connection]:
    return Connection.objects.visible_to(request.user) if request else Connection.objects.none()


class RunFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """`status` is a run's status, or `active`, or `failing`; `kind` the kind of the connection."""

    status = filters.ChoiceFilter(choices=STATES, method="of_status", label="State", empty_label="Any state")
    kind = filters.CharFilter(field_name="connection__kind", label="Kind of source", max_length=40)
    connection = filters.ModelChoiceFilter(
        queryset=_connections, to_field_name="slug", label="Source", empty_label="Any source"
    )
    trigger = filters.ChoiceFilter(
        choices=CrawlRun.Trigger.choices, label="Started by", empty_label="Anybody"
    )

    class Meta:
        model = CrawlRun
        fields = ("status", "kind", "connection", "trigger")

    def of_status(self, rows: QuerySet[CrawlRun], name: str, value: str) -> QuerySet[CrawlRun]:
        groups: dict[str, Any] = {"active": ACTIVE, "failing": FAILING}
        return rows.filter(status__in=groups.get(value, (value,)))
