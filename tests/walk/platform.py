"""Health, the API's frame, appearance."""

from tests.walk import Example, Routes, api, each, nothing, page

OPEN = each(owner=200, steward=200, consumer=200, guest=200, admin=200, anonymous=200)

ROUTES: Routes = {
    "healthz": [Example(nothing, OPEN)],
    "readyz": [Example(nothing, dict.fromkeys(OPEN, 503))],  # no worker runs in a test
    "metrics": [
        Example(nothing, each(owner=403, steward=403, consumer=403, guest=403, admin=200, anonymous=401))
    ],
    "operations": [
        Example(nothing, each(owner=403, steward=403, consumer=403, guest=403, admin=200, anonymous=302))
    ],
    "api:entrance": [Example(nothing, api(guest=200))],
    "api:schema": [Example(nothing, api(guest=200))],
    "api:docs": [Example(nothing, page(guest=200), headers={"Accept": "text/html"})],
    "common:theme": [
        Example(nothing, page(302, guest=302), method="POST", body=lambda world: {"theme": "dark"}),
        Example(nothing, page(405, guest=405)),
    ],
    "common:styleguide": [Example(nothing, page(guest=200))],
}
