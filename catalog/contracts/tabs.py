"""The contract tab of a product, announced at start-up."""

from catalog.products import tabs

tabs.register(tabs.Tab(key="contract", label="Contract", order=30, url_name="contracts:contract"))
