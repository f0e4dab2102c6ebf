"""Addresses that clients of others fix, below /api/: whatever the id holds, and with or without a slash at the end."""

from django.urls import URLPattern, URLResolver, path

from catalog.contracts import compat_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("datacontracts/<path:key>", compat_api.ContractById.as_view(), name="datacontract"),
    path("dataproducts/<path:key>", compat_api.ProductById.as_view(), name="dataproduct"),
]
