"""Forms of the conversation. They shape what was typed; the services judge it."""

from typing import Any

from django import forms

from catalog.common.text_area import TextArea
from catalog.discussions.models import MOST_TEXT, MOST_TITLE, Question
from catalog.products.models import DataProduct, OutputPort

MARKDOWN = "Markdown. Everybody who sees the product reads it."


class QuestionForm(forms.Form):
    """`product` says which ports there are to ask about."""

    kind = forms.ChoiceField(
        label="This is", choices=Question.Kind.choices, widget=forms.RadioSelect, initial="question"
    )
    title = forms.CharField(label="In one line", max_length=MOST_TITLE)
    text = forms.CharField(
        label="More about it",
        widget=TextArea(attrs={"rows": 6}),
        max_length=MOST_TEXT,
        required=False,
        help_text=MARKDOWN,
    )
    port = forms.ModelChoiceField(
        OutputPort.objects.none(), label="About", required=False, empty_label="the whole product"
    )
    column = forms.CharField(label="Column", max_length=300, required=False)

    def __init__(self, *args: Any, product: DataProduct, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["port"].queryset = product.output_ports.order_by("name", "-version")


class WordsForm(forms.Form):
    """One's own words, said better."""

    title = forms.CharField(label="In one line", max_length=MOST_TITLE)
    text = forms.CharField(
        label="Text",
        widget=TextArea(attrs={"rows": 6}),
        max_length=MOST_TEXT,
        required=False,
        help_text=MARKDOWN,
    )

    def __init__(self, *args: Any, with_title: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_title:
            del self.fields["title"]


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="Your answer", widget=TextArea(attrs={"rows": 4}), max_length=MOST_TEXT, help_text=MARKDOWN
    )


class AnnouncementForm(forms.Form):
    title = forms.CharField(label="In one line", max_length=MOST_TITLE)
    text = forms.CharField(
        label="More about it",
        widget=TextArea(attrs={"rows": 4}),
        max_length=MOST_TEXT,
        required=False,
        help_text="Markdown. It stands above the product's pages, and those who watch or use it are told.",
    )
    ends_on = forms.DateField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))
