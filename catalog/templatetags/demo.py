"""What pages say of a demo mesh that is still being made: `{% load demo %}`."""

from django import template
from django.conf import settings

from catalog.demo import state

register = template.Library()


@register.simple_tag
def demo_growing() -> state.State | None:
    """How far the past of the demo has been replayed; None once it has reached today, or without a demo."""
    kept = state.read() if settings.DEMO else None
    return kept if kept and not kept.is_grown else None
