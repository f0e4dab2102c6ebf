"""The small mesh the permission walk visits: what the cast may see, and a vault that only the admin may.

Every name and text in the vault carries the word MARK and every address SLUG_MARK, so that one search of an answer
shows whether something leaked. An answer may repeat the address it was asked for, hence two words.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.accounts.models import ApiToken, Membership, User
from catalog.assets.models import Asset
from catalog.connections.models import Connection
from catalog.contracts.models import ChangeProposal, DataContract
from catalog.contracts.services import import_document
from catalog.contracts.services.publishing import propose_change
from catalog.crawling.models import CrawlRun
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.products.models import DataProduct, InputPort, OutputPort, Visibility
from catalog.search.services import drain_marks
from catalog.vocabulary.models import Classification, Tag
from lineage.services import sync_declared_edges
from tests import factories as make
from tests.conftest import Cast

MARK = "zanzibar"
SLUG_MARK = "vlt9"
FAR = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """`plays` is a port of the cast's Play events; `ledger` a private product made from nothing visible, which
    Play events reads through `feed`; `visitor` a person without any part in the mesh."""

    cast: Cast
    plays: OutputPort
    feed: InputPort
    ledger: DataProduct
    ledger_port: OutputPort
    draft: DataProduct
    store: Connection
    vault_store: Connection
    vault_asset: Asset
    visitor: User
    tag: Tag
    hidden_tag: Tag
    term: GlossaryTerm  # the mesh's, on a column of Play events and on the ledger
    term_link: TermLink
    vault_link: TermLink
    vault_term: GlossaryTerm  # a draft
    classification: Classification
    token: ApiToken
    membership: Membership
    contract: DataContract  # of Play events
    vault_contract: DataContract
    proposal: ChangeProposal
    vault_proposal: ChangeProposal
    run: CrawlRun  # of the Listening store
    vault_run: CrawlRun


def build(cast: Cast) -> World:
    """Make the world around the cast; call it inside a test's transaction."""
    store = make.make_connection("Listening store", team=cast.listening_team)
    asset = make.make_asset(store, "plays")
    plays = make.make_port(cast.play_events, "plays", connection=store, asset=asset)
    make.make_schema(asset, {"play_id": "string", "played_at": "timestamp"})

    vault_team = make.make_team("Vault team")
    vault = make.make_domain("Vault", team=vault_team)
    vault_store = make.make_connection(f"{MARK} store", slug=f"{SLUG_MARK}-store", team=vault_team)
    vault_asset = make.make_asset(vault_store, f"{MARK}_table", namespace=f"sqlite://{MARK}")
    make.make_schema(vault_asset, {f"{MARK}_column": "string"})
    ledger = make.make_product(
        f"{MARK} ledger",
        slug=f"{SLUG_MARK}-ledger",
        domain=vault,
        visibility=Visibility.PRIVATE,
        purpose=f"{MARK} purpose",
    )
    ledger_port = make.make_port(
        ledger,
        f"{SLUG_MARK}-port",
        title=f"{MARK} port",
        connection=vault_store,
        asset=vault_asset,
        location=f"{MARK}.ledger",
    )
    draft = make.make_product(f"{MARK} draft", slug=f"{SLUG_MARK}-draft", domain=vault, lifecycle="draft")
    feed = make.make_input_port(cast.play_events, ledger_port, name="ledger feed")
    make.make_input_port(cast.playback_quality, plays)
    sync_declared_edges()

    visitor = make.make_user(f"{SLUG_MARK}-visitor")
    User.objects.filter(pk=visitor.pk).update(name=f"{MARK} visitor", email=f"{MARK}@example.org")
    visitor.refresh_from_db()

    tag = Tag.objects.create(name="Events", slug="events")
    cast.play_events.tags.add(tag)
    hidden_tag = Tag.objects.create(name=f"{MARK} tag", slug=f"{SLUG_MARK}-tag")
    ledger.tags.add(hidden_tag)

    term = GlossaryTerm.objects.create(name="Play", slug="play", state="approved", synonyms=["Stream"])
    term_link = TermLink.objects.create(term=term, product=cast.play_events, port=plays, path="play_id")
    vault_link = TermLink.objects.create(term=term, product=ledger, port=ledger_port, path=f"{MARK}_column")
    vault_term = GlossaryTerm.objects.create(name=f"{MARK} word", slug=f"{SLUG_MARK}-word", domain=vault)
    vault_term.related.add(term)

    contract = _contract(cast.play_events, "urn:example:plays", "plays")
    vault_contract = _contract(ledger, f"urn:{SLUG_MARK}:ledger", MARK)
    token = ApiToken.objects.create(
        user=cast.owner, name="nightly", prefix="mp_abc", digest="0" * 64, scopes=["read"], expires_at=FAR
    )
    membership = Membership.objects.get(user=cast.owner, team=cast.listening_team)
    drain_marks()  # so that searching could tell of the vault
    return World(
        cast=cast,
        plays=plays,
        feed=feed,
        ledger=ledger,
        ledger_port=ledger_port,
        draft=draft,
        store=store,
        vault_store=vault_store,
        vault_asset=vault_asset,
        visitor=visitor,
        tag=tag,
        hidden_tag=hidden_tag,
        term=term,
        term_link=term_link,
        vault_link=vault_link,
        vault_term=vault_term,
        classification=Classification.objects.create(name="Internal", slug="internal"),
        token=token,
        membership=membership,
        contract=contract,
        vault_contract=vault_contract,
        proposal=_proposal(contract),
        vault_proposal=_proposal(vault_contract),
        run=_failed_run(store, "The store did not answer."),
        vault_run=_failed_run(vault_store, f"{MARK} did not answer."),
    )


def _contract(product: DataProduct, key: str, name: str) -> DataContract:
    """A contract of one table called `name` that belongs to the product; no port is offered under it."""
    data = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": key, "version": "1.0.0", "status": "active",
            "schema": [{"name": name, "properties": [{"name": f"{name}_id", "logicalType": "string"}]}]}  # fmt: skip
    result = import_document(actor=None, raw=json.dumps(data).encode())
    assert result.status == "imported"
    contract = DataContract.objects.get(key=key)
    contract.product = product
    contract.save()
    return contract


def _proposal(contract: DataContract) -> ChangeProposal:
    """An open proposal without its only field, which breaks the contract."""
    data = json.loads(contract.versions.get().text)
    data["schema"][0]["properties"] = []
    return propose_change(actor=None, raw=json.dumps({**data, "version": "2.0.0"}).encode())


def _failed_run(store: Connection, error: str) -> CrawlRun:
    """A finished run, which those who may can ask for again."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return CrawlRun.objects.create(
        connection=store, status="failed", trigger="manual", queued_at=moment, due_at=moment, error=error
    )
