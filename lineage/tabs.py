"""The lineage tab of product pages."""

from catalog.products import tabs

tabs.register(tabs.Tab("lineage", "Lineage", 50, "lineage:product"))
