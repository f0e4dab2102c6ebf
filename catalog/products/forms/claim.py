"""Choosing what becomes of assets: ports of a product at hand, or of a new draft."""

from typing import Any

from django import forms

from catalog.accounts.models import User
from catalog.assets.models import Asset
from catalog.connections.models import Connection
from catalog.products.claim import NewProduct, assets_of, claimable_products
from catalog.products.forms.products import creatable_domains
from catalog.products.models import DataProduct


class SelectionForm(forms.Form):
    """Assets of one connection that were ticked; without one, those only machines told of."""

    assets = forms.ModelMultipleChoiceField(
        Asset.objects.none(), error_messages={"required": "Tick at least one table or file."}
    )

    def __init__(self, connection: Connection | None, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["assets"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 - declared above
        field.queryset = assets_of(connection, state="all")


class ClaimForm(SelectionForm):
    """…and the product they go to: one that is there, or the name and domain of a new one."""

    product = forms.ModelChoiceField(
        DataProduct.objects.none(), required=False, label="Product", empty_label="A new draft product"
    )
    name = forms.CharField(max_length=200, required=False, label="Name of the new product")
    domain = forms.ModelChoiceField(
        DataProduct.objects.none(),
        required=False,
        label="Domain of the new product",
        empty_label="Choose a domain",
    )

    def __init__(self, user: User, connection: Connection | None, *args: Any, **options: Any) -> None:
        super().__init__(connection, *args, **options)
        for name, rows in (("product", claimable_products(user)), ("domain", creatable_domains(user))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
            field.queryset = rows

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("product") and "product" not in self.errors:
            for name, words in (("name", "Name the new product."), ("domain", "Choose its domain.")):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, words)
        return data

    @property
    def target(self) -> DataProduct | NewProduct:
        """Where the ports go."""
        chosen: DataProduct | None = self.cleaned_data["product"]
        return chosen or NewProduct(self.cleaned_data["domain"], self.cleaned_data["name"])
