"""Pages that list, make and change products; reading pages are in `catalog.products.pages`."""
