"""The access tab of a product, announced at start-up."""

from catalog.products import tabs

tabs.register(tabs.Tab(key="access", label="Access", order=60, url_name="access:product"))
