"""The store of the crawling tests: objectives are measured by real crawls."""

from tests.catalog.crawling.conftest import make_store, store

__all__ = ["make_store", "store"]
