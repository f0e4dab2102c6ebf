"""The form that takes documents in: files, or text pasted into a box."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from catalog.common.documents import MAX_BYTES, decode, expand
from catalog.common.errors import Invalid
from catalog.common.yaml_reader import Unreadable
from catalog.contracts.importer import Source

MOST_FILES = 50


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of uploaded files."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"Give at most {MOST_FILES} files at once.")
        return [file for file in files if file]


class ImportForm(forms.Form):
    """Either files or text; the text is kept when something is wrong with it."""

    documents = FilesField(required=False, label="Files", help_text="YAML or JSON, plain or gzipped.")
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or paste a document",
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("documents") and not str(cleaned.get("text") or "").strip() and not self.errors:
            raise forms.ValidationError("Choose files, or paste a document.")
        return cleaned

    def sources(self) -> list[Source]:
        """The documents as given; a file is read up to the limit and one byte more, which tells that it is larger."""
        found = [
            Source(str(file.name)[:500], file.read(MAX_BYTES + 1))
            for file in self.cleaned_data.get("documents", [])
        ]
        text = str(self.cleaned_data.get("text") or "")
        return [*found, Source("pasted text", text.encode())] if text.strip() else found


class ProposalForm(forms.Form):
    """A proposed contract: typed or as a file, which counts before the text."""

    text = forms.CharField(
        required=False,
        strip=False,
        label="Contract as YAML",
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 24, "class": "mono", "spellcheck": "false"}),
    )
    document = forms.FileField(required=False, label="Or a file", help_text="YAML or JSON.")
    note = forms.CharField(
        required=False, max_length=2_000, label="Why", widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("document") and not str(cleaned.get("text") or "").strip() and not self.errors:
            raise forms.ValidationError("Paste a contract, or choose a file.")
        return cleaned

    def text_given(self) -> str:
        file = self.cleaned_data.get("document")
        if file is None:
            return str(self.cleaned_data.get("text") or "").replace("\r\n", "\n")
        try:
            return decode(expand(file.read(MAX_BYTES + 1)))
        except Unreadable as error:
            raise Invalid(error.problem.message, problems=[error.problem]) from error


class PublishForm(forms.Form):
    """What an owner adds when publishing a breaking version."""

    sunset_at = forms.DateField(
        required=False, label="Sunset of the old port versions",
        help_text="Empty: the earliest day by the notice period.", widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    override_reason = forms.CharField(
        required=False, max_length=2_000, label="Reason for publishing without every acknowledgement",
        help_text="Recorded in the audit trail.", widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
