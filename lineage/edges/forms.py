"""Forms of edges drawn by hand, and of what to clean up."""

import datetime as dt
from typing import Any

from django import forms

from catalog.common.text_area import TextArea
from lineage.edges.by_hand import NOTE_LETTERS
from lineage.edges.cleaning import SOURCES, Selection


class EdgeForm(forms.Form):
    """The note and the end of an edge; with `is_new` the port it comes from."""

    port = forms.CharField(
        label="Output port",
        max_length=500,
        help_text="As domain/product/port/version, such as listening/play-events/plays/1.0.0.",
    )
    note = forms.CharField(
        label="How do you know?", widget=TextArea(attrs={"rows": 3}), max_length=NOTE_LETTERS, required=False
    )
    last_day = forms.DateField(
        label="Until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Its last day, if that is known. Left empty, it stays until somebody ends it.",
    )

    def __init__(self, *args: Any, is_new: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_new:
            del self.fields["port"]

    @property
    def valid_to(self) -> dt.datetime | None:
        """The end of the last day, in UTC."""
        day = self.cleaned_data["last_day"]
        return dt.datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=dt.UTC) if day else None


class CleaningForm(forms.Form):
    """Which edges to end: a source, a job, an age, or several of these together."""

    source = forms.ChoiceField(
        choices=[("", "any source"), *((item.value, item.label) for item in SOURCES)], required=False
    )
    job = forms.IntegerField(label="Job number", required=False, min_value=1, max_value=2**62)
    older_than = forms.IntegerField(
        label="Not seen for so many days", required=False, min_value=1, max_value=36_500
    )

    @property
    def selection(self) -> Selection:
        given = self.cleaned_data
        return Selection(given["source"], given["job"], given["older_than"] or 0)
