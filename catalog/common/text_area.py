"""The widget for texts of several lines."""

from collections.abc import Mapping
from typing import Any

from django import forms


class TextArea(forms.Textarea):
    """A text area that gives lines as they were shown.

    Browsers send every line end as CR LF (HTML, "form data set"); without this a text nobody touched would count as
    changed, in the history and towards the limit of its length.
    """

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value
