"""Searching: everybody may ask; what is answered depends on who asks."""

from tests.walk import Example, Routes, api, nothing, page

EVERYBODY = page(guest=200)
LISTS = ("", "?kind=port", "?kind=column", "?q=ledger", "?q=ledgr", "?q=vl&sort=name")

ROUTES: Routes = {
    "search:results": [Example(nothing, EVERYBODY, query=query) for query in LISTS],
    "search:suggest": [Example(nothing, EVERYBODY, query=query) for query in ("", "?q=v", "?q=led")],
    "api:search": [
        *(Example(nothing, api(guest=200), query=query) for query in LISTS),
        Example(nothing, api(400, guest=400, admin=400), query="?kind=user"),
    ],
    "api:search-suggest": [Example(nothing, api(guest=200), query="?q=v")],
}
