"""What the list of events can be narrowed by; unknown values are refused."""

import django_filters as filters

from lineage.openlineage.models import LineageEvent


class EventFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """`job` is a part of a job's name, `run` a run's whole id."""

    state = filters.ChoiceFilter(choices=LineageEvent.State.choices, label="State", empty_label="Any state")
    kind = filters.ChoiceFilter(choices=LineageEvent.Kind.choices, label="Kind", empty_label="Any kind")
    job = filters.CharFilter(field_name="job_name", lookup_expr="icontains", label="Job", max_length=200)
    run = filters.CharFilter(field_name="run_key", label="Run", max_length=200)

    class Meta:
        model = LineageEvent
        fields = ("state", "kind", "job", "run")
