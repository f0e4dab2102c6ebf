"""Forms: one field, the summary of errors, and the hidden rest."""

from typing import Any

from django import forms, template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.boundfield import BoundField

register = template.Library()

GROUPED = (forms.RadioSelect, forms.CheckboxSelectMultiple)
COUNTED = range(
    100, 5001
)  # limits worth a counter: shorter ones the box itself shows, longer ones nobody meets


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField, style: str = "", placeholder: str = "", optional: bool | None = None
) -> dict[str, Any]:
    """Label, help, control, error, counter; joined for screen readers. `style` `code` uses the fixed-width face.

    `optional` false leaves the mark away where another answer decides whether this one is needed.
    """
    widget = bound.field.widget
    attributes: dict[str, Any] = {}
    if placeholder:
        attributes["placeholder"] = placeholder
    limit = getattr(bound.field, "max_length", None)
    counted = limit in COUNTED and isinstance(widget, forms.Textarea) and not bound.field.disabled
    if counted:
        attributes["data-counted"] = f"{bound.auto_id}_count"
    grouped = isinstance(widget, GROUPED)
    described = [f"{bound.auto_id}_helptext"] if bound.help_text else []
    if bound.errors:
        described.append(f"{bound.auto_id}_error")
        attributes["aria-invalid"] = "true"
    if described and not grouped:
        attributes["aria-describedby"] = " ".join(described)
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attributes),
        "described": " ".join(described),
        "grouped": grouped,
        "is_checkbox": isinstance(widget, forms.CheckboxInput),
        "is_optional": not bound.field.required and not isinstance(widget, forms.CheckboxInput)
        if optional is None
        else optional,
        "style": style,
        "limit": limit if counted else None,
        "length": len(str(bound.value() or "")),
    }


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """What is wrong in a form, above it, each with a link to its field; nothing when it is right."""
    wrong = [
        {"id": form[name].id_for_label or form[name].auto_id, "label": form[name].label, "messages": messages}
        for name, messages in form.errors.items()
        if name != NON_FIELD_ERRORS
    ]
    general = form.non_field_errors()
    return {"wrong": wrong, "general": general, "count": len(wrong) + len(general)}


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: forms.BaseForm) -> dict[str, Any]:
    """Every field of a form in its own order, hidden ones first."""
    return {"form": form}
