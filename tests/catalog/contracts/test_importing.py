"""Documents come in whole or not at all, in any order, and edits by hand win."""

import datetime as dt

import pytest

from catalog.accounts import kernel
from catalog.accounts.models import Role, User
from catalog.audit.models import AuditEvent, ChangeMark
from catalog.contracts.importer import Source, import_all
from catalog.contracts.models import ContractVersion, DataContract, PortContract, ProductDescriptorVersion
from catalog.contracts.results import ImportOptions, ImportResult
from catalog.contracts.services import import_document
from catalog.domains.models import Domain
from catalog.products import services as products
from catalog.products.models import DataProduct, InputPort, OutputPort
from tests import factories as make
from tests.catalog.contracts.documents import as_yaml, contract, product
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def bring(data: dict[str, object] | bytes, actor: User | None = None, **options: object) -> ImportResult:
    raw = data if isinstance(data, bytes) else as_yaml(data)
    return import_document(actor=actor, raw=raw, path="here.yaml", options=ImportOptions(**options))  # type: ignore[arg-type]


def test_descriptor_makes_product_with_people_ports_and_inputs(cast: Cast) -> None:
    result = bring(product())
    assert (result.status, result.keys) == ("imported", ("listening/sessions",))
    made = DataProduct.objects.get(slug="sessions")
    assert (made.domain, made.team.name) == (cast.listening, "Sessions team")
    assert (made.purpose, made.lifecycle, made.version) == ("Plays in a row.", "active", "1.2.0")
    assert made.published_at is not None
    assert set(made.tags.values_list("name", flat=True)) == {"plays", "sessions"}
    assert made.support == [
        {"channel": "#sessions", "url": "https://chat.example.com/sessions", "tool": "slack"}
    ]
    assert [(item.user, item.role) for item in made.stewardships.all()] == [(cast.owner, "business_owner")]
    assert [(port.name, port.version, port.kind) for port in made.output_ports.all()] == [
        ("sessions", "1.0.0", "table")
    ]
    assert made.input_ports.get().reference == "urn:example:plays-contract"
    assert ChangeMark.objects.filter(kind="product", object_id=made.pk).exists()
    assert AuditEvent.objects.filter(verb="product.imported", object_id=made.pk).exists()


@pytest.mark.parametrize("first", ["contract", "product"])
def test_contract_and_product_meet_in_either_order(cast: Cast, first: str) -> None:
    documents = {"contract": contract(), "product": product()}
    bring(documents.pop(first))
    bring(next(iter(documents.values())))
    port = OutputPort.objects.get(name="sessions")
    assert port.contract_in_force.version.contract.product == port.product
    assert port.freshness_promise == dt.timedelta(hours=6)
    assert (port.location, port.platform) == ("main.sessions", "duckdb")
    assert port.description == "One row a session."
    fields = {field.path: field for field in port.declared_schema.fields.all()}
    assert list(fields) == ["session_id", "user_id", "device", "device.os", "tracks", "tracks[].isrc"]
    assert (fields["session_id"].key_position, fields["session_id"].is_nullable) == (1, False)
    assert fields["user_id"].classification == "restricted"
    assert fields["device.os"].parent_path == "device"


def test_same_bytes_again_change_nothing(cast: Cast) -> None:
    for data in (product(), contract()):
        assert bring(data).status == "imported"
    count = AuditEvent.objects.count()
    assert [bring(data).status for data in (product(), contract())] == ["unchanged", "unchanged"]
    assert AuditEvent.objects.count() == count
    assert ContractVersion.objects.count() == ProductDescriptorVersion.objects.count() == 1


def test_original_is_kept_byte_by_byte(cast: Cast) -> None:
    raw = b"# kept as it is\r\n" + as_yaml(contract(team={"name": "T"}, unknownMember={"deep": [1]}))
    result = bring(raw)
    assert result.status == "warned"
    assert [problem.path for problem in result.problems] == ["$.unknownMember"]
    version = ContractVersion.objects.get()
    assert bytes(version.original) == raw
    assert version.text.startswith("# kept")
    assert version.problems[0]["rule"] == "unknown-member"


def test_a_kept_version_never_changes(cast: Cast) -> None:
    bring(product())
    bring(contract())
    for version in (ContractVersion.objects.get(), ProductDescriptorVersion.objects.get()):
        version.original = b"another"
        with pytest.raises(TypeError, match="never changes"):
            version.save()
        with pytest.raises(TypeError, match="never changes"):
            version.save(update_fields=["original"])
        again = type(version).objects.get()
        assert bytes(again.original) != b"another"
    again.save(update_fields=["baseline"])  # what the portal notes beside a descriptor


def test_refused_document_changes_nothing(cast: Cast) -> None:
    before = (DataProduct.objects.count(), Domain.objects.count(), AuditEvent.objects.count())
    wrong = product(
        domain="brand-new", outputPorts=[{"name": "a", "version": "1"}, {"name": "a", "version": "1"}]
    )
    result = bring(wrong)
    assert result.status == "refused"
    assert [(problem.rule, problem.path) for problem in result.problems] == [
        ("duplicate-name", "$.outputPorts[1]")
    ]
    assert "Line " in result.problems[0].message
    assert (DataProduct.objects.count(), Domain.objects.count(), AuditEvent.objects.count()) == before


def test_edit_by_hand_wins_and_is_reported(cast: Cast) -> None:
    bring(product())
    made = DataProduct.objects.get(slug="sessions")
    products.edit_product(actor=cast.admin, product=made, purpose="Said by a person.", tags=["plays", "mine"])
    changed = product(
        description={"purpose": "Said by the document.", "usage": "New usage.", "limitations": "Web only."},
        tags=["plays", "new"],
    )
    result = bring(changed)
    made.refresh_from_db()
    assert result.status == "warned"
    assert [problem.path for problem in result.problems if problem.severity == "warning"] == ["$.purpose"]
    assert (made.purpose, made.usage) == ("Said by a person.", "New usage.")
    assert set(made.tags.values_list("name", flat=True)) == {"plays", "mine", "new"}


def test_person_named_by_hand_stays_and_one_the_document_dropped_goes(cast: Cast) -> None:
    bring(
        product(team={"name": "Sessions team", "members": [{"username": "steward", "role": "data steward"}]})
    )
    made = DataProduct.objects.get(slug="sessions")
    products.set_stewards(actor=None, product=made, role="steward", users=[cast.steward, cast.consumer])
    bring(product(team={"name": "Sessions team", "members": [{"username": "owner", "role": "owner"}]}))
    people = set(made.stewardships.values_list("user__username", "role"))
    assert people == {("consumer", "steward"), ("owner", "business_owner")}


def test_input_port_is_tied_when_its_contract_is_offered_later(cast: Cast) -> None:
    bring(product())
    assert InputPort.objects.get().upstream_port is None
    upstream = product(
        id="urn:example:plays",
        name="Plays",
        inputPorts=[],
        outputPorts=[{"name": "plays", "version": "1.0.0", "contractId": "urn:example:plays-contract"}],
    )
    bring(upstream)
    assert InputPort.objects.get().upstream_port == OutputPort.objects.get(name="plays")


def test_dropped_port_is_kept_and_dropped_input_is_removed(cast: Cast) -> None:
    bring(product())
    result = bring(product(outputPorts=[], inputPorts=[]))
    assert "port-dropped" in [problem.rule for problem in result.problems]
    assert OutputPort.objects.filter(name="sessions").exists()
    assert not InputPort.objects.exists()


def test_active_product_does_not_go_back_to_draft(cast: Cast) -> None:
    bring(product())
    result = bring(product(status="draft"))
    assert DataProduct.objects.get(slug="sessions").lifecycle == "active"
    assert "status-backwards" in [problem.rule for problem in result.problems]


def test_dry_run_tells_the_same_and_keeps_nothing(cast: Cast) -> None:
    sources = [Source("p.yaml", as_yaml(product())), Source("c.yaml", as_yaml(contract()))]
    rehearsed = [result.status for result in import_all(sources, actor=None, dry_run=True)]
    assert rehearsed == ["imported", "imported"]
    assert not DataProduct.objects.filter(slug="sessions").exists()
    assert not DataContract.objects.exists()
    assert [result.status for result in import_all(sources, actor=None)] == rehearsed


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("admin", "imported"),
        ("owner", "imported"),
        ("steward", "refused"),
        ("consumer", "refused"),
        ("guest", "refused"),
    ],
)
def test_who_may_bring_a_product_into_listening(cast: Cast, person: str, status: str) -> None:
    result = bring(product(team={"name": "Listening team"}), actor=cast.everybody()[person])
    assert result.status == status


@pytest.mark.parametrize("person", ["steward", "consumer", "guest"])
def test_contract_of_a_product_is_changed_by_its_editors_only(cast: Cast, person: str) -> None:
    bring(product())
    bring(contract())
    stranger = cast.everybody()[person]
    assert bring(contract(version="2.0.0"), actor=stranger).status == "refused"
    assert bring(contract(), actor=stranger).status == "refused", "not even told that it is known"
    assert ContractVersion.objects.count() == 1
    assert bring(contract(version="2.0.0"), actor=cast.owner).status == "imported"


def test_knowing_an_id_does_not_open_a_hidden_contract(cast: Cast) -> None:
    hidden = product(customProperties=[{"property": "visibility", "value": "private"}])
    bring(hidden)
    bring(contract())
    thief = make.make_user("thief")
    make.make_membership(thief, Role.DOMAIN_ADMIN, cast.playback_team)
    mine = product(
        id="urn:example:mine", name="Mine", domain="playback", team={"name": "Playback team"}, inputPorts=[]
    )
    result = bring(mine, actor=thief)
    assert result.status == "imported"
    port = OutputPort.objects.get(product__name="Mine")
    assert port.declared_schema is None
    assert PortContract.objects.get(port=port).version is None


def test_unknown_domain_needs_somebody_who_may_make_it(cast: Cast) -> None:
    somewhere = product(domain="Rights & royalties")
    assert bring(somewhere, create_missing=False).status == "refused"
    assert bring(somewhere, actor=cast.owner).status == "refused"
    assert bring(somewhere).keys == ("rights-royalties/sessions",)


def test_new_contract_version_moves_fields_it_owns(cast: Cast) -> None:
    bring(product())
    bring(contract())
    port = OutputPort.objects.get(name="sessions")
    products.edit_port(actor=None, port=port, description="Said by a person.")
    newer = contract(version="1.1.0", slaProperties=[{"property": "freshness", "value": 30, "unit": "min"}])
    newer["schema"][0]["description"] = "Said by the contract."
    newer["schema"][0]["properties"].append({"name": "skips", "logicalType": "integer"})
    result = bring(newer)
    port.refresh_from_db()
    assert port.freshness_promise == dt.timedelta(minutes=30)
    assert port.description == "Said by a person."
    assert result.status == "warned"
    assert port.declared_schema.fields.filter(path="skips").exists()


@pytest.mark.parametrize(
    "name", ["Ö/ñ \"quoted\" 'name'", "🎵", "名前", "a" * 300, "<script>alert(1)</script>"]
)
def test_names_in_every_script_find_an_address(cast: Cast, name: str) -> None:
    result = bring(product(name=name, outputPorts=[{"name": name, "version": "v2"}]))
    assert result.status == "imported", result.problems
    made = DataProduct.objects.get(name=name[:200])
    assert made.output_ports.get().version == "2.0.0"


@pytest.mark.parametrize(
    "raw",
    [b"hello: world", b"- 1\n- 2", b"just words", b"Name: a\nDescription: b\nManagedBy: c\nResources: []"],
)
def test_other_documents_are_ignored(raw: bytes) -> None:
    assert bring(raw).status == "ignored"


@pytest.fixture
def vault(cast: Cast) -> DataProduct:
    """A product `owner` may not see, offered under a contract."""
    make.make_membership(cast.owner, Role.DOMAIN_ADMIN, cast.listening_team)
    bring(product(id="urn:vault", name="Vault", domain="playback", team={"name": "Playback team"}, inputPorts=[],
                  outputPorts=[{"name": "merger", "version": "1.0.0", "contractId": "urn:vault-contract"}],
                  customProperties=[{"property": "visibility", "value": "private"}]))  # fmt: skip
    bring(contract(id="urn:vault-contract"))
    found = DataProduct.objects.get(name="Vault")
    assert not kernel.can(cast.owner, "product.view", found)
    return found


def test_naming_a_contract_does_not_open_a_hidden_product(cast: Cast, vault: DataProduct) -> None:
    mine = [{"name": "sessions", "version": "1.0.0", "contractId": "urn:vault-contract"}]
    assert bring(product(outputPorts=mine), cast.owner).status == "imported"
    port = OutputPort.objects.get(product__slug="sessions")
    assert (port.description, port.location, port.platform) == ("", "", "")
    assert (port.freshness_promise, port.declared_schema) == (None, None)
    again = [{**mine[0], "description": "Ours."}]
    bring(product(outputPorts=again, version="1.3.0"), cast.owner)
    port.refresh_from_db()
    assert (port.description, port.location, port.freshness_promise) == ("Ours.", "", None)


@pytest.mark.parametrize(
    "named",
    [
        {"name": "merger", "version": "1.0.0", "contractId": "urn:vault-contract"},
        {"name": "merger", "version": "1.0.0", "contractId": ""},
        {"name": "vault/merger", "version": "1.0.0", "contractId": ""},
    ],
)
def test_naming_an_input_does_not_tell_of_hidden_ports(
    cast: Cast, vault: DataProduct, named: dict[str, str]
) -> None:
    result = bring(product(inputPorts=[named]), cast.owner)
    assert result.status == "imported"
    assert "upstream-awaited" in [problem.rule for problem in result.problems]
    assert InputPort.objects.get(product__slug="sessions").upstream_port is None


@pytest.mark.parametrize("name", ["playback/vault", "urn:vault"])
def test_naming_a_successor_does_not_tell_of_hidden_products(
    cast: Cast, vault: DataProduct, name: str
) -> None:
    custom = [{"property": "successor", "value": name}]
    bring(product(status="deprecated", customProperties=custom), cast.owner)
    assert DataProduct.objects.get(slug="sessions").successor is None


def test_a_hidden_product_of_the_same_name_is_not_told_of(cast: Cast) -> None:
    others = make.make_team("Others")
    hidden = make.make_product("Sessions", domain=cast.listening, team=others, lifecycle="draft")
    owned = make.make_user("maker", password=None)
    make.make_membership(owned, Role.STEWARD, cast.listening_team)
    assert not kernel.can(owned, "product.view", hidden)
    result = bring(product(), owned)
    assert result.status in ("imported", "warned"), result.problems
    assert DataProduct.objects.filter(name="Sessions").count() == 2


def test_naming_a_contract_first_neither_opens_nor_blocks_its_next_version(
    cast: Cast, vault: DataProduct
) -> None:
    mine = [{"name": "sessions", "version": "1.0.0", "contractId": "urn:vault-contract"}]
    bring(product(outputPorts=mine), cast.owner)
    keeper = make.make_user("keeper")
    make.make_membership(keeper, Role.TECHNICAL_OWNER, cast.playback_team)
    for number, actor in enumerate((keeper, None), start=2):
        newer = contract(id="urn:vault-contract", version=f"{number}.0.0")
        assert bring(newer, actor).status == "imported"
        assert PortContract.objects.get(port__product=vault).version.number == number
        assert PortContract.objects.get(port__product__slug="sessions").version is None
    assert OutputPort.objects.get(product__slug="sessions").declared_schema is None
