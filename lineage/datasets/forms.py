"""Which name means which dataset, said by hand."""

from django import forms


class BindForm(forms.Form):
    """A name as outside documents write it, and the dataset it means."""

    namespace = forms.CharField(
        max_length=400,
        label="Namespace of the other name",
        help_text="As events write it: postgres://host:5432",
    )
    name = forms.CharField(max_length=400, label="The other name", help_text="shop.public.orders")
    of_namespace = forms.CharField(max_length=400, label="Namespace of the dataset it means")
    of_name = forms.CharField(max_length=400, label="Name of the dataset it means")
    note = forms.CharField(
        max_length=1000, required=False, label="Why", widget=forms.Textarea(attrs={"rows": 2})
    )
