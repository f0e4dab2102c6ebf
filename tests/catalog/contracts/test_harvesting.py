"""A registry comes in in bulk: twice changes nothing, what is gone is marked, edits by hand stay."""

from typing import Any

import pytest
import yaml

from catalog.audit.models import AuditEvent, ChangeMark
from catalog.common.errors import Conflict, NotAllowed
from catalog.contracts.importer import Source
from catalog.contracts.models import ProductDescriptorVersion
from catalog.contracts.registry import family_of, team_name
from catalog.contracts.services.harvesting import Harvest, harvest_registry
from catalog.products import services as products
from catalog.products.models import DataProduct, OutputPort
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def entry(name: str, **changes: Any) -> Source:
    data: dict[str, Any] = {
        "Name": name,
        "Description": f"{name} counts <b>whales</b> from the air. <script>alert(1)</script> It began in 1998.",
        "Documentation": "https://whales.example.org/docs",
        "Contact": "Write to whales@example.org",
        "ManagedBy": "[Whale Watch](https://whales.example.org/)",
        "UpdateFrequency": "Yearly",
        "Tags": ["oceans", "biodiversity", "marine"],
        "License": "CC-BY-4.0",
        "Resources": [
            {
                "Description": "Counts",
                "ARN": "arn:aws:s3:::whales",
                "Region": "eu-west-1",
                "Type": "S3 Bucket",
            },
            {
                "Description": "News",
                "ARN": "arn:aws:sns:eu-west-1:1:whales",
                "Region": "eu-west-1",
                "Type": "SNS Topic",
            },
        ],
    }
    path = f"datasets/{name.lower().replace(' ', '-')}.yaml"
    return Source(path, yaml.safe_dump({**data, **changes}, sort_keys=False).encode())


def harvest(*sources: Source, **options: Any) -> Harvest:
    return harvest_registry(actor=None, sources=sources, **options)


def test_entry_becomes_product_with_ports_team_and_original() -> None:
    source = entry("Whale counts")
    assert harvest(source).counts["new"] == 1
    made = DataProduct.objects.get()
    assert (made.key, made.lifecycle, made.origin_key) == (
        "oceans-and-water/whale-counts",
        "active",
        "whale-counts",
    )
    assert made.team is not None
    assert made.team.name == "Whale Watch"
    assert made.purpose == "Whale counts counts whales from the air. It began in 1998."
    assert made.support == [
        {"channel": "whales@example.org", "url": "mailto:whales@example.org", "tool": "email"}
    ]
    assert set(made.tags.values_list("name", flat=True)) == {"oceans", "biodiversity", "marine"}
    ports = {port.name: (port.kind, port.platform, port.location) for port in made.output_ports.all()}
    assert ports["counts"] == ("files", "Amazon S3", "arn:aws:s3:::whales")
    assert ports["news"][0] == "topic"
    assert bytes(ProductDescriptorVersion.objects.get().original) == source.raw
    assert made.history.count() == 1


def test_harvest_twice_changes_nothing() -> None:
    sources = [entry("Whale counts"), entry("Seal counts")]
    harvest(*sources)
    before = (AuditEvent.objects.count(), ChangeMark.objects.count(), OutputPort.objects.count())
    assert harvest(*sources).counts == {"unchanged": 2, "new": 0, "changed": 0, "vanished": 0, "returned": 0}
    assert (AuditEvent.objects.count(), ChangeMark.objects.count(), OutputPort.objects.count()) == before


def test_removed_file_is_marked_and_comes_back() -> None:
    sources = [entry("Whale counts"), entry("Seal counts"), entry("Gull counts")]
    harvest(*sources)
    assert harvest(*sources[:2]).counts["vanished"] == 1
    gone = DataProduct.objects.get(origin_key="gull-counts")
    assert gone.origin_vanished_at is not None
    assert harvest(*sources).counts["returned"] == 1
    gone.refresh_from_db()
    assert gone.origin_vanished_at is None


def test_wrong_folder_does_not_mass_vanish() -> None:
    harvest(entry("Whale counts"), entry("Seal counts"))
    with pytest.raises(Conflict):
        harvest(entry("Gull counts"))
    assert not DataProduct.objects.exclude(origin_vanished_at=None).exists()
    assert harvest(entry("Gull counts"), force=True).counts["vanished"] == 2


def test_changed_entry_updates_what_no_person_changed() -> None:
    harvest(entry("Whale counts"))
    made = DataProduct.objects.get()
    products.edit_product(actor=None, product=made, purpose="Said by a person.")
    changed = entry("Whale counts", License="CC0-1.0", Description="Other words about the whales of the sea.")
    assert harvest(changed).counts["changed"] == 1
    made.refresh_from_db()
    assert made.purpose == "Said by a person."
    assert made.description == "Other words about the whales of the sea."
    assert "CC0-1.0" in made.limitations
    assert ProductDescriptorVersion.objects.count() == 2
    assert harvest(changed).counts["unchanged"] == 1


def test_unreadable_file_is_told_and_the_others_come_in() -> None:
    result = harvest(Source("bad.yaml", b"a: [1"), entry("Whale counts"), Source("other.yaml", b"a: 1"))
    assert result.counts["refused"] == 1
    assert result.problems[0][0] == "bad.yaml"
    assert result.counts["new"] == 1


def test_registry_is_harvested_by_platform_admins_only(cast: Cast) -> None:
    for name, person in cast.everybody().items():
        if name != "admin":
            with pytest.raises(NotAllowed):
                harvest_registry(actor=person, sources=[entry("Whale counts")])
    assert harvest_registry(actor=cast.admin, sources=[entry("Whale counts")]).counts["new"] == 1


def test_harvested_html_is_shown_safely(cast: Cast, client: Any) -> None:
    harvest(entry("Whale counts"))
    client.force_login(cast.consumer)
    page = client.get("/products/oceans-and-water/whale-counts/").content.decode()
    assert "<b>whales</b>" in page
    assert "alert(1)" not in page


@pytest.mark.parametrize(
    ("managed_by", "name"),
    [
        ("[NOAA](http://www.noaa.gov/)", "NOAA"),
        ('"[NOAA](http://www.noaa.gov/)"\n', "NOAA"),
        ("NOAA (https://noaa.gov)", "NOAA"),
        ("[A](https://a.example), [B](https://b.example)", "A, B"),
        ("[Somebody without an address]", "Somebody without an address"),
        (
            "NASA/IPAC Archive ([IRSA](https://irsa.example)) at Caltech",
            "NASA/IPAC Archive (IRSA) at Caltech",
        ),
        ("Not currently managed", ""),
        ("FILL UP MANUALLY - CHECK DOCUMENTATION", ""),
        ("", ""),
    ],
)
def test_names_of_organisations_lose_their_markup(managed_by: str, name: str) -> None:
    assert team_name(managed_by) == name


def test_family_is_that_of_most_tags() -> None:
    assert family_of(("oceans", "coastal", "climate")) == "Oceans and water"
    assert family_of(("knitting",)) == "Other open data"
