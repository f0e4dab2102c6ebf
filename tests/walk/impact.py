"""Impact and root cause: whoever sees the product may ask; what they may not see is counted and never named."""

from tests.walk import Example, Routes, api, hidden, hidden_api, nothing, page
from tests.walk.incidents import ROUTES as INCIDENTS

PLAY = "?node=product:listening/play-events"
VAULT = "?node=product:vault/vlt9-ledger"
PORT = "?node=port:listening/play-events/plays/1.0.0"
COLUMN = "?node=column:listening/play-events/plays/1.0.0/play_id"
VAULT_COLUMN = "?node=column:vault/vlt9-ledger/vlt9-port/1.0.0/vlt9_column"

_SEEN, _SECRET = (example.keywords for example in INCIDENTS["incidents:detail"][:2])

ROUTES: Routes = {
    "lineage:impact": [
        Example(nothing, page(guest=200)),
        Example(nothing, page(), query=PLAY),
        Example(nothing, page(), query=f"{PLAY}&direction=upstream"),
        Example(nothing, page(), query=f"{PLAY}&direction=upstream&format=csv"),
        Example(nothing, page(), query=f"{PORT}&format=json"),
        Example(nothing, page(), query=f"{COLUMN}&direction=upstream"),
        Example(nothing, hidden(), conceals=True, query=VAULT),
        Example(nothing, page(404), conceals=True, query=VAULT_COLUMN),
    ],
    "api:lineage-impact": [
        Example(nothing, api(), query=PLAY),
        Example(nothing, api(), query=COLUMN),
        Example(nothing, hidden_api(), conceals=True, query=VAULT),
    ],
    "api:lineage-upstream": [
        Example(nothing, api(), query=PLAY),
        Example(nothing, hidden_api(), conceals=True, query=VAULT),
        Example(nothing, api(404), conceals=True, query=VAULT_COLUMN),
    ],
    "api:incident-causes": [
        Example(_SEEN, api()),
        Example(_SECRET, hidden_api(), conceals=True),
    ],
}
