"""From Django's validation errors to the portal's own, and from these to the fields of a form."""

from collections.abc import Iterable

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from catalog.common.errors import Invalid, PortalError, Problem


def clean(instance: models.Model, exclude: Iterable[str] = ()) -> None:
    """`full_clean`, told as Invalid with one problem a field. Services call it before they save."""
    try:
        instance.full_clean(exclude=set(exclude))
    except ValidationError as error:
        raise invalid(problems_of(error)) from error


def problems_of(error: ValidationError) -> list[Problem]:
    """One problem per message; an error of the whole object has the path "" (the object itself)."""
    if not hasattr(error, "error_dict"):
        return [Problem("", item.code or "invalid", " ".join(item.messages)) for item in error.error_list]
    return [
        Problem("" if name == NON_FIELD_ERRORS else name, item.code or "invalid", " ".join(item.messages))
        for name, errors in error.error_dict.items()
        for item in errors
    ]


def invalid(problems: list[Problem]) -> Invalid:
    """Invalid with `problems`, its message naming the first."""
    return Invalid(
        problems[0].message
        if len(problems) == 1
        else f"{len(problems)} things are wrong with what was given.",
        kept="Nothing was saved.",
        remedy="Correct what is marked and save again.",
        problems=problems,
    )


def show_on_form(form: forms.BaseForm, error: PortalError) -> None:
    """Put a service's complaint beside the fields it is about; what has no field stands above the form."""
    if not error.problems:
        form.add_error(None, str(error))
    for problem in error.problems:
        form.add_error(problem.path if problem.path in form.fields else None, problem.message)
