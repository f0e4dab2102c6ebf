"""What people may say of a field."""

from django import forms

from catalog.common.text_area import TextArea
from catalog.vocabulary.models import Classification


class FieldForm(forms.Form):
    """Description, classification, and whether values may be kept. `column` and `revision` travel hidden."""

    column = forms.CharField(max_length=500, widget=forms.HiddenInput, strip=False)
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    description = forms.CharField(
        max_length=4_000,
        required=False,
        widget=TextArea(attrs={"rows": 4}),
        help_text="What a value stands for, in a sentence or two.",
    )
    classification = forms.ModelChoiceField(
        queryset=Classification.objects.all(),
        required=False,
        empty_label="Not classified",
        help_text="Classifying as personal deletes the values kept of the field at once.",
    )
    is_released = forms.BooleanField(
        label="Values may be kept and shown",
        required=False,
        help_text="Minimum, maximum and frequent values, each covering ten rows or more, from the next crawl on.",
    )
