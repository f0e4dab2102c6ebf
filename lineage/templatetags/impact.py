"""What pages of other features show of impact: causes of an incident, classifications that wait for a word."""

from typing import Any

from django import template

from catalog.accounts.caller import caller
from catalog.incidents.models import Incident
from lineage.impact.root_cause import Causes, causes_of
from lineage.models import ClassificationProposal

register = template.Library()


@register.simple_tag(takes_context=True)
def root_causes(context: template.Context, incident: Incident) -> Causes:
    """What is broken upstream of the incident, as the reader may know of it."""
    request: Any = context["request"]
    return causes_of(caller(request), incident)


@register.simple_tag(takes_context=True)
def classifications_waiting(context: template.Context) -> int:
    """How many proposed classifications the reader is asked about; one query."""
    request: Any = context["request"]
    return ClassificationProposal.objects.visible_to(caller(request)).waiting().count()
