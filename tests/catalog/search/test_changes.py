"""What changed lately reads as sentences, one a product, one for many alike."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from catalog.search.changes import PHRASES, told

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Event:
    verb: str
    product_id: int | None = 1
    actor_name: str = "Ada"
    object_name: str = "plays 1.0.0"
    at: datetime = NOW


def sentences(*events: Event) -> list[str]:
    return [f"{line.who} {line.before}{{product}}{line.after}" for line in told(events, 8)]


def test_a_change_reads_as_a_sentence() -> None:
    assert sentences(Event("port.schema_changed", actor_name="portal")) == [
        "The portal saw a new schema of plays 1.0.0 of {product}"
    ]
    assert sentences(Event("input_port.added")) == ["Ada declared that {product} is made from plays 1.0.0"]


def test_a_verb_nobody_phrased_is_spelled_out() -> None:
    assert sentences(Event("quality_check.added")) == ["Ada added the quality check plays 1.0.0 of {product}"]


def test_the_latest_of_a_product_counts() -> None:
    later = Event("product.published")
    assert sentences(later, Event("product.edited", at=NOW - timedelta(hours=1))) == [
        "Ada published {product}"
    ]


def test_alike_events_of_many_products_are_one_line() -> None:
    imported = [Event("product.imported", number, "portal", f"P{number}") for number in range(27)]
    lines = told([*imported, Event("product.edited", 99, at=NOW - timedelta(days=1))], 8)
    assert [line.before for line in lines] == ["imported 27 products", "edited "]
    assert lines[0].product_id is None


def test_parts_of_an_import_are_told_as_the_import() -> None:
    imports = [Event("product.imported", number, at=NOW - timedelta(minutes=1)) for number in (1, 2, 3)]
    parts = [Event("port.edited", 1), Event("input_port.added", 2), Event("port.created", 3)]
    assert sentences(*parts, *imports) == ["Ada imported 3 products{product}"]


def test_what_others_do_after_an_import_or_long_after_it_is_told() -> None:
    imported = Event("product.imported", at=NOW - timedelta(minutes=1))
    assert sentences(Event("port.edited", actor_name="Bo"), imported) == [
        "Bo edited the port plays 1.0.0 of {product}"
    ]
    assert sentences(Event("port.schema_changed"), imported) == [
        "Ada saw a new schema of plays 1.0.0 of {product}"
    ]
    long_ago = Event("product.imported", at=NOW - timedelta(hours=1))
    assert sentences(Event("port.edited"), long_ago) == ["Ada edited the port plays 1.0.0 of {product}"]


def test_names_with_braces_stay_as_they_are() -> None:
    lines = told([Event("port.edited", object_name="{product} {0}")], 8)
    assert lines[0].before == "edited the port {product} {0} of "


def test_every_phrase_names_the_product_once() -> None:
    assert all(phrase.count("{product}") == 1 for phrase in PHRASES.values())
