"""Forms about the shared words."""

from typing import Any

from django import forms

from catalog.common.text_area import TextArea
from catalog.vocabulary.models import Classification, Purpose, Tag


class TagForm(forms.Form):
    """Another name, or another tag to merge into."""

    name = forms.CharField(max_length=80)
    into = forms.ModelChoiceField(
        label="Or merge into",
        queryset=Tag.objects.none(),
        required=False,
        empty_label="Keep it apart",
        help_text="Everything that has this tag gets the other one, and this one is gone.",
    )

    def __init__(self, *args: Any, tag: Tag, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"name": tag.name})
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = Tag.objects.exclude(pk=tag.pk)  # type: ignore[attr-defined]


class ClassificationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    """A level of sensitivity. The services save it."""

    class Meta:
        model = Classification
        fields = ("name", "rank", "is_personal", "description")
        help_texts = {
            "rank": "Orders the levels: 0 is the mildest.",
            "is_personal": "Values of fields classified so are never stored.",
        }
        widgets = {"description": TextArea(attrs={"rows": 3})}
        labels = {"is_personal": "Personal data"}


class PurposeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker only
    """A purpose data may be asked for. The services save it."""

    class Meta:
        model = Purpose
        fields = ("name", "legal_basis", "description", "is_offered")
        labels = {"is_offered": "New requests may name it"}
        help_texts = {"legal_basis": "What allows this use of data about people (GDPR, article 6)."}
        widgets = {"description": TextArea(attrs={"rows": 3})}
