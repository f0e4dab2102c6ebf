"""A document as something to read: words beside names, tables where entries are flat, parts within where not."""

from catalog.contracts.outline import MAX_ROWS, outline, words


def test_flat_entries_become_a_table_and_nested_ones_parts() -> None:
    data = {
        "apiVersion": "v3.1.0",
        "id": "x",
        "roles": [{"role": "reader", "access": "read"}, {"role": "writer"}],
        "schema": [{"name": "t", "properties": [{"name": "a", "items": {"b": 1}}], "tags": ["x", "y"]}],
    }
    identifier, roles, schema = outline(data, "odcs")
    assert (identifier.title, identifier.text, identifier.is_used) == ("Id", "x", True)
    assert roles.columns == ("Role", "Access")
    assert roles.rows[1] == (("Role", "writer"), ("Access", ""))
    assert not roles.is_used, "the portal has no model for roles yet"
    assert [part.title for part in schema.parts[0].parts] == ["Name", "Properties", "Tags"]


def test_long_lists_are_cut_and_say_so() -> None:
    (part,) = outline({"roles": [{"role": str(number)} for number in range(MAX_ROWS + 7)]}, "odcs")
    assert len(part.rows) == MAX_ROWS
    assert part.more == 7


def test_nothing_odd_breaks_it() -> None:
    assert outline(None, "odcs") == ()
    assert outline({"a": None, "b": [], "c": {}, "d": [1, [2]]}, "odcs")[0].text == "1, 2"
    assert [words(name) for name in ("slaProperties", "DataAtWork", "x", "")] == [
        "Sla properties",
        "Data at work",
        "X",
        "",
    ]
