"""Documents of older and other standards: found by content, read for what they say, refused with a path."""
# ruff: noqa: E501  # tables of cases, one a line

from typing import Any

import pytest

from catalog.contracts import detect, validation
from catalog.contracts.export import export_contract, export_product
from catalog.contracts.models import ContractVersion, DataContract
from catalog.contracts.older_contracts import from_dcs, from_odcs_2
from catalog.contracts.services import import_document
from catalog.products import services as products
from catalog.products.models import DataProduct
from tests.catalog.contracts.documents import as_yaml
from tests.conftest import Cast

OLD: dict[str, Any] = {
    "apiVersion": "v2.2.2", "kind": "DataContract", "uuid": "u-1", "version": "1.0.0", "type": "tables",
    "status": "current", "datasetName": "views", "quantumName": "my quantum", "datasetDomain": "seller",
    "description": {"purpose": "Sales.", "limitations": "None."}, "server": "localhost:5432", "sourceSystem": "bigQuery",
    "dataset": [{"table": "tbl", "columns": [
        {"column": "id", "isPrimary": True, "primaryKeyPosition": 1, "logicalType": "string", "isNullable": False},
        {"column": "amount", "logicalType": "double", "physicalType": "double", "quality": [{"code": "nullCheck"}]}]}],
    "slaProperties": [{"property": "latency", "value": 4, "unit": "d", "column": "tbl.id"}],
    "stakeholders": [{"username": "daustin", "role": "Owner", "comment": "Keeper"}],
}  # fmt: skip
DCS: dict[str, Any] = {
    "dataContractSpecification": "1.2.1", "id": "urn:x:orders", "info": {"title": "Orders", "version": "2.0.0", "owner": "Checkout"},
    "terms": {"usage": "Reports.", "limitations": "None.", "noticePeriod": "P3M"},
    "servers": {"production": {"type": "s3", "location": "s3://bucket/{model}/*.json", "format": "json"}},
    "models": {"orders": {"primaryKey": ["id"], "fields": {
        "id": {"$ref": "#/definitions/id", "required": True},
        "total": {"type": "long", "enum": [1, 2]},
        "mail": {"type": "text", "pii": True},
        "lines": {"type": "array", "items": {"type": "record", "fields": {"sku": {"type": "text"}}}},
        "tags": {"type": "map", "keys": {"type": "text"}, "values": {"type": "text"}}}}},
    "definitions": {"id": {"type": "text", "description": "The order."}},
    "servicelevels": {"freshness": {"threshold": "25h"}, "availability": {"percentage": "99.9%"}, "retention": {"period": "P1Y"}},
}  # fmt: skip


@pytest.mark.parametrize(("convert", "data"), [(from_odcs_2, OLD), (from_dcs, DCS)])
def test_converted_contract_is_valid_odcs_3(convert: Any, data: dict[str, Any]) -> None:
    made = convert(data)
    assert [p for p in validation.validate(made, detect.identify(made)) if p.severity == "error"] == []


def test_what_maps_of_an_old_contract_maps() -> None:
    made = from_odcs_2(OLD)
    assert (made["id"], made["name"], made["domain"], made["status"]) == ("u-1", "views", "seller", "active")
    key, amount = made["schema"][0]["properties"]
    assert (key["primaryKey"], key["required"]) == (True, True)
    assert (amount["logicalType"], amount["quality"][0]["type"]) == ("number", "custom")
    assert made["slaProperties"][0]["element"] == "tbl.id"


def test_what_maps_of_a_datacontract_com_contract_maps() -> None:
    made = from_dcs(DCS)
    fields = {item["name"]: item for item in made["schema"][0]["properties"]}
    assert (fields["id"]["description"], fields["id"]["primaryKeyPosition"]) == ("The order.", 1)
    assert fields["total"]["enum"] == [{"value": 1}, {"value": 2}]
    assert fields["mail"]["classification"] == "pii"
    assert fields["lines"]["items"]["properties"][0]["name"] == "sku"
    assert set(fields["tags"]["map"]) == {"key", "value"}
    promised = {item["property"]: (item["value"], item.get("unit")) for item in made["slaProperties"]}
    assert promised == {"freshness": (25, "h"), "availability": (99.9, "percent"), "retention": (1, "y")}


@pytest.mark.django_db
def test_original_of_another_kind_is_kept_and_converted_on_demand(cast: Cast) -> None:
    raw = as_yaml(DCS)
    assert import_document(actor=None, raw=raw).status == "imported"
    version = ContractVersion.objects.get()
    assert (bytes(version.original), version.spec_version) == (raw, "dcs 1.2.1")
    assert export_contract(version).data == DCS
    assert export_contract(version, "odcs").data == from_dcs(DCS)
    assert DataContract.objects.get().key == "urn:x:orders"


DESCRIPTORS: dict[str, dict[str, Any]] = {
    "odps-lf": {"schema": "https://opendataproducts.org/v4.1/schema/odps.yaml", "version": "4.1", "product": {
        "details": {"en": {"name": "Pets", "productID": "p-1", "status": "production", "valueProposition": "All pets."}},
        "dataAccess": {"api": {"outputPortType": "API", "accessURL": "https://x.example.com", "name": [{"en": "REST"}]}}}},
    "dpds": {"dataProductDescriptor": "1.0.0", "info": {"name": "Pets", "fullyQualifiedName": "p-1", "version": "1.0.0",
        "description": "All pets.", "domain": "Listening"},
        "interfaceComponents": {"outputPorts": [{"name": "api", "version": "1.0.0", "promises": {"serviceType": "rest-services"}}]}},
    "dps": {"id": "p-1", "info": {"title": "Pets", "status": "active", "description": "All pets.", "owner": "fulfillment"},
        "outputPorts": [{"id": "api", "type": "rest api", "location": "https://x.example.com"}]},
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("kind", DESCRIPTORS)
def test_product_of_another_standard_comes_in_and_goes_out(cast: Cast, kind: str) -> None:
    data = DESCRIPTORS[kind]
    result = import_document(actor=None, raw=as_yaml(data))
    assert (result.kind, result.status) == (kind, "imported"), result.problems
    product = DataProduct.objects.get(name="Pets")
    assert (product.purpose, product.origin, product.origin_key) == ("All pets.", kind, "p-1")
    assert [(port.name, port.kind) for port in product.output_ports.all()] == [("api", "api")]
    assert export_product(product).data == data
    products.edit_product(actor=None, product=product, purpose="Cats.")
    written = export_product(product, form="odps").data
    assert written["description"]["purpose"] == "Cats."
    assert not [p for p in validation.validate(written, detect.identify(written)) if p.severity == "error"]


@pytest.mark.django_db
def test_what_stands_beside_the_product_is_read_like_what_stands_in_it(cast: Cast) -> None:
    access = [
        {"interface": "API", "accessURL": "https://x.example.com"},
        {"interface": "MCP", "format": "MCP"},
    ]
    data = {**DESCRIPTORS["odps-lf"], "dataAccess": access}
    data["product"] = {"details": data["product"]["details"], "dataAccess": None}
    assert import_document(actor=None, raw=as_yaml(data)).status == "imported"
    product = DataProduct.objects.get(name="Pets")
    assert {(port.name, port.kind, port.location) for port in product.output_ports.all()} == {
        ("api", "api", "https://x.example.com"),
        ("mcp", "other", ""),
    }
    assert export_product(product).data == data


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"dataContractSpecification": "1.2.1", "info": {"title": "x", "version": "1"}}, "$.id"),
        (
            {
                "dataContractSpecification": "1.2.1",
                "id": "x",
                "info": {"title": "x", "version": "1"},
                "models": [],
            },
            "$.models",
        ),
        ({**OLD, "dataset": [{"columns": []}]}, "$.dataset[0].table"),
        ({"dataProductDescriptor": "1.0.0", "info": {}}, "$.info.name"),
        ({"version": "4.1", "product": {"details": {"en": {"name": "{{string}}"}}}}, "$.product.details"),
        ({"dataProductSpecification": "0.0.1", "info": {}}, "$.id"),
    ],
)
@pytest.mark.django_db
def test_nothing_to_work_with_is_refused_with_its_path(data: dict[str, Any], path: str) -> None:
    result = import_document(actor=None, raw=as_yaml(data))
    assert result.status == "refused"
    assert path in [problem.path for problem in result.problems]
