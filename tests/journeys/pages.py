"""Every page of the portal, with somebody who may open it. A feature adds its pages here; `test_pages` looks at all.

Paths may use what `mesh.plant` made: the products `listening/play-events` and `playback/playback-quality`, the
domains `listening` and `playback`, the teams `listening-team` and `playback-team`, the connection `store`;
`{run}`, `{check}`, `{slo}` and `{proposal}` are the numbers of its crawl, its test, an objective and a proposed
contract. `test_pages` walks the steps of a bulk edit itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageSpec:
    """`name` is the screenshot's; `person` one of the cast, or "" for a stranger."""

    name: str
    path: str
    person: str = "owner"
    status: int = 200


PRODUCT = "/products/listening/play-events/"

PAGES: list[PageSpec] = [
    PageSpec("home-owner", "/"),
    PageSpec("home-newcomer", "/", "consumer"),
    PageSpec("home-guest", "/", "guest"),
    PageSpec("styleguide", "/styleguide/"),
    PageSpec("product", PRODUCT),
    PageSpec("product-consumer", PRODUCT, "consumer"),
    PageSpec("product-deprecated", "/products/listening/old-plays/"),
    PageSpec("product-draft", "/products/listening/plan/"),
    PageSpec("product-bare", "/products/playback/playback-quality/", "steward"),
    PageSpec("port", f"{PRODUCT}ports/plays/2.0.0/"),
    PageSpec("port-unread", f"{PRODUCT}ports/plays/1.0.0/"),
    PageSpec("domains", "/domains/"),
    PageSpec("domains-guest", "/domains/", "guest"),
    PageSpec("domain", "/domains/listening/"),
    PageSpec("contract", f"{PRODUCT}contract/"),
    PageSpec("contract-newcomer", f"{PRODUCT}contract/", "consumer"),
    PageSpec("contract-difference", f"{PRODUCT}contract/difference/"),
    PageSpec("contract-draft", f"{PRODUCT}contract/draft/"),
    PageSpec("contract-check", "/contracts/check/"),
    PageSpec("contract-check-yaml", "/contracts/check/?contract=urn:daff:plays-contract"),
    PageSpec("contract-check-form", "/contracts/check/?contract=urn:daff:plays-contract&view=form"),
    PageSpec("contract-proposal", "/contracts/proposals/{proposal}/"),
    PageSpec("contract-proposal-steward", "/contracts/proposals/{proposal}/", "steward"),
    PageSpec("slos", "/slos/"),
    PageSpec("slos-product", f"{PRODUCT}slos/"),
    PageSpec("slos-new", f"{PRODUCT}slos/new/"),
    PageSpec("slos-one", "/slos/{slo}/"),
    PageSpec("slos-edit", "/slos/{slo}/edit/"),
    PageSpec("slos-delete", "/slos/{slo}/delete/"),
    PageSpec("documents-import", "/contracts/import/"),
    PageSpec("operations", "/operations/", "admin"),
    PageSpec("lineage", "/lineage/"),
    PageSpec("lineage-picture", "/lineage/?node=product:listening/play-events&depth=2"),
    PageSpec("lineage-ports", "/lineage/?node=product:listening/play-events&level=port"),
    PageSpec("lineage-tab", f"{PRODUCT}lineage/"),
    PageSpec("map", "/map/"),
    PageSpec("map-guest", "/map/", "guest"),
    PageSpec("map-quality", "/map/?lens=quality"),
    PageSpec("map-owner-ports", "/map/?lens=owner&level=port&focus=product:listening/play-events"),
    PageSpec("map-domains", "/map/?level=domain&lens=lifecycle", "consumer"),
    PageSpec("map-domain", "/map/?focus=domain:playback"),
    PageSpec("map-search", "/map/?q=play", "consumer"),
    PageSpec("map-missing", "/map/?focus=product:no/where", status=404),
    PageSpec("products", "/products/"),
    PageSpec("products-filtered", "/products/?domain=charts&sort=-updated&page=2"),
    PageSpec("product-new", "/products/new/"),
    PageSpec("product-activity", f"{PRODUCT}activity/"),
    PageSpec("product-edit", f"{PRODUCT}settings/"),
    PageSpec("product-links", f"{PRODUCT}settings/links/"),
    PageSpec("product-ports", f"{PRODUCT}settings/ports/"),
    PageSpec("product-port-new", f"{PRODUCT}settings/ports/new/"),
    PageSpec("product-inputs", f"{PRODUCT}settings/inputs/"),
    PageSpec("product-lifecycle", f"{PRODUCT}settings/lifecycle/"),
    PageSpec("product-history", f"{PRODUCT}settings/history/"),
    PageSpec("port-edit", f"{PRODUCT}ports/plays/2.0.0/edit/"),
    PageSpec("port-version", f"{PRODUCT}ports/plays/2.0.0/new-version/"),
    PageSpec("port-history", f"{PRODUCT}ports/plays/2.0.0/history/"),
    PageSpec("domain-new", "/domains/new/", "admin"),
    PageSpec("domain-edit", "/domains/listening/edit/", "admin"),
    PageSpec("tags", "/tags/", "admin"),
    PageSpec("tag", "/tags/gold/", "admin"),
    PageSpec("classifications", "/classifications/", "admin"),
    PageSpec("classification-new", "/classifications/new/", "admin"),
    PageSpec("classification", "/classifications/confidential/", "admin"),
    PageSpec("sign-in", "/account/login/", ""),
    PageSpec("account", "/account/"),
    PageSpec("account-password", "/account/password/"),
    PageSpec("account-sessions", "/account/sessions/"),
    PageSpec("account-tokens", "/account/tokens/"),
    PageSpec("people", "/people/", "admin"),
    PageSpec("person-invite", "/people/invite/", "admin"),
    PageSpec("person", "/people/owner/", "admin"),
    PageSpec("person-colleague", "/people/owner/", "consumer"),
    PageSpec("person-edit", "/people/owner/edit/", "admin"),
    PageSpec("person-deactivate", "/people/owner/deactivate/", "admin"),
    PageSpec("person-handover", "/people/owner/handover/", "admin"),
    PageSpec("teams", "/teams/", "consumer"),
    PageSpec("team-new", "/teams/new/", "admin"),
    PageSpec("team", "/teams/listening-team/"),
    PageSpec("team-admin", "/teams/listening-team/", "admin"),
    PageSpec("team-edit", "/teams/listening-team/edit/", "admin"),
    PageSpec("product-schema", f"{PRODUCT}schema/"),
    PageSpec("product-schema-history", f"{PRODUCT}schema/history/"),
    PageSpec("product-schema-view", "/products/listening/old-plays/schema/"),
    PageSpec("product-schema-view-history", "/products/listening/old-plays/schema/history/"),
    PageSpec("connections", "/connections/"),
    PageSpec("connection-new", "/connections/new/", "admin"),
    PageSpec("connection-kind", "/connections/new/postgresql/", "admin"),
    PageSpec("connection-kind-openapi", "/connections/new/openapi/", "admin"),
    PageSpec("connection", "/connections/store/"),
    PageSpec("connection-assets", "/connections/store/assets/"),
    PageSpec("connection-check", "/connections/checks/{check}/", "admin"),
    PageSpec("connection-edit", "/connections/store/edit/", "admin"),
    PageSpec("crawling", "/crawling/"),
    PageSpec("crawling-sources", "/crawling/sources/"),
    PageSpec("crawling-run", "/crawling/{run}/"),
    PageSpec("search", "/search/?q=play"),
    PageSpec("search-filtered", "/search/?q=play&domain=listening&sort=name"),
    PageSpec("search-columns", "/search/?q=customer_email&kind=column"),
    PageSpec("search-nothing", "/search/?q=zzzzqqq&domain=playback", "consumer"),
    PageSpec("search-guest", "/search/?q=play", "guest"),
    PageSpec("not-found", "/nothing/here/", status=404),
    PageSpec("not-found-stranger", "/nothing/here/", "", status=404),
]
