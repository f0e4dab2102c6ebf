"""Addresses of products."""

from django.urls import URLPattern, URLResolver, path

from catalog.products import api, claim_api, port_api
from catalog.products.views import (
    bulk,
    claim,
    create,
    history,
    inputs,
    links,
    lists,
    ports,
    reading,
    sections,
    steps,
)

app_name = "products"
_ONE = "products/<str:domain>/<str:slug>/"
_PORT = f"{_ONE}ports/<str:name>/<str:version>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("products/", lists.product_list, name="list"),
    path("connections/<str:slug>/assets/", claim.browse, name="browse"),
    path("products/new/", create.new_product, name="new"),
    path("products/bulk/", bulk.bulk_edit, name="bulk"),
    path(_ONE, reading.detail, name="detail"),
    path(f"{_ONE}activity/", history.activity, name="activity"),
    path(f"{_ONE}settings/", sections.edit_section, name="edit"),
    path(f"{_ONE}settings/links/", links.edit_links, name="links"),
    path(f"{_ONE}settings/ports/", ports.port_list, name="ports"),
    path(f"{_ONE}settings/ports/new/", ports.new_port, name="port_new"),
    path(f"{_ONE}settings/inputs/", inputs.input_list, name="inputs"),
    path(f"{_ONE}settings/inputs/<int:pk>/", inputs.edit_input, name="input_edit"),
    path(f"{_ONE}settings/inputs/<int:pk>/remove/", inputs.remove_input, name="input_remove"),
    path(f"{_ONE}settings/lifecycle/", steps.change_step, name="lifecycle"),
    path(f"{_ONE}settings/history/", history.product_history, name="history"),
    path(f"{_ONE}settings/history/restore/", history.restore_product, name="restore"),
    path(f"{_ONE}settings/delete/", steps.delete_draft, name="delete"),
    path(f"{_ONE}settings/<str:section>/", sections.edit_section, name="section"),
    path(_PORT, reading.port, name="port"),
    path(f"{_PORT}edit/", ports.edit_port, name="port_edit"),
    path(f"{_PORT}new-version/", ports.new_version, name="port_version"),
    path(f"{_PORT}delete/", ports.delete_port, name="port_delete"),
    path(f"{_PORT}history/", history.port_history, name="port_history"),
    path(f"{_PORT}history/restore/", history.restore_port, name="port_restore"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("products/", api.ProductList.as_view(), name="product-list"),
    path("connections/<str:slug>/assets/", claim_api.ConnectionAssets.as_view(), name="connection-assets"),
    path(_ONE, api.ProductItem.as_view(), name="product-detail"),
    path(f"{_ONE}lifecycle/", api.ProductLifecycle.as_view(), name="product-lifecycle"),
    path(f"{_ONE}history/", api.ProductHistory.as_view(), name="product-history"),
    path(f"{_ONE}ports/", port_api.PortList.as_view(), name="port-list"),
    path(_PORT, port_api.PortItem.as_view(), name="port-detail"),
    path(f"{_ONE}input-ports/", port_api.InputPortList.as_view(), name="input-port-list"),
    path(f"{_ONE}input-ports/<int:pk>/", port_api.InputPortItem.as_view(), name="input-port-detail"),
]
