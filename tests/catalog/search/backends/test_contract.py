"""What every search backend does: the suite a new one has to pass."""

from dataclasses import replace

import pytest

from catalog.search.backends.base import SearchBackend
from catalog.search.documents import Correction, DocKey, FacetValue, SearchHits
from catalog.search.query import opened, parse
from tests.factories.search import make_document as doc

MESH = frozenset({"mesh"})
ALL = frozenset({"all"})


def ask(backend: SearchBackend, text: str, held: frozenset[str] = MESH, **settings: object) -> SearchHits:
    return backend.search(parse(text, **settings), held)


def rows(hits: SearchHits) -> list[int]:
    return [hit.key.id for hit in hits.hits]


def test_an_empty_index_answers(backend: SearchBackend) -> None:
    assert ask(backend, "anything").count == 0
    assert backend.suggest(opened(parse("any")), MESH, 8) == ()
    assert dict(backend.fingerprints()) == {}


def test_upsert_adds_and_replaces(backend: SearchBackend) -> None:
    first = doc("Play events", row=1)
    backend.upsert([first, doc("Other", row=2)])
    assert rows(ask(backend, "events")) == [1]
    renamed = doc("Stream facts", row=1)
    backend.upsert([renamed])
    assert rows(ask(backend, "events")) == []
    assert rows(ask(backend, "stream")) == [1]
    assert ask(backend, "").count == 2
    assert backend.fingerprints()[DocKey("product", 1)] == renamed.fingerprint() != first.fingerprint()


def test_the_same_batch_twice_changes_nothing(backend: SearchBackend) -> None:
    batch = [doc("Play events", row=1), doc("Play events", kind="port", row=1)]
    backend.upsert(batch)
    once = dict(backend.fingerprints())
    backend.upsert(batch)
    assert dict(backend.fingerprints()) == once
    assert ask(backend, "play").count == 1


def test_remove_forgets_and_ignores_what_is_unknown(backend: SearchBackend) -> None:
    backend.upsert([doc("Play events", row=1), doc("Play events table", kind="port", row=1)])
    backend.remove([DocKey("product", 1), DocKey("product", 99)])
    assert ask(backend, "play").count == 0
    assert ask(backend, "play", kind="port").count == 1


def test_rebuild_replaces_everything(backend: SearchBackend) -> None:
    backend.upsert([doc("Old", row=1)])
    backend.rebuild([doc("New", row=2)])
    assert list(backend.fingerprints()) == [DocKey("product", 2)]
    backend.upsert([doc("Newer", row=3)])
    assert ask(backend, "").count == 2


def test_all_words_are_needed_in_any_field(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("Play events", row=1, columns=("customer_id",)),
            doc("Refunds", row=2, columns=("customer_id",), texts=("Money back",)),
        ]
    )
    assert rows(ask(backend, "customer play")) == [1]
    assert rows(ask(backend, "money customer")) == [2]
    assert ask(backend, "money play").count == 0


@pytest.mark.parametrize("text", ["customer_id", "customerId", "customer id", "CUSTOMER-ID", "customers id"])
def test_identifiers_are_found_however_they_are_written(backend: SearchBackend, text: str) -> None:
    backend.upsert(
        [doc("Refunds", row=1, columns=("CustomerID",)), doc("Other", row=2, columns=("customer",))]
    )
    assert rows(ask(backend, text)) == [1]


def test_phrases_stand_together_and_never_cross_texts(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("First", row=1, texts=("The time to first frame counts.",)),
            doc("Second", row=2, texts=("first the frame, to the time",)),
            doc("Third", row=3, texts=("It ends in time to", "first frame")),
        ]
    )
    assert rows(ask(backend, '"time to first frame"')) == [1]
    assert set(rows(ask(backend, "time to first frame"))) == {1, 2, 3}


def test_words_can_be_left_out(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("Play events", row=1, facets={"domain": ["listening"]}),
            doc("Play facts", row=2, texts=("a b c",)),
        ]
    )
    assert rows(ask(backend, "play -events")) == [2]
    assert rows(ask(backend, "play -domain:listening")) == [2]
    assert rows(ask(backend, 'play -"b c"')) == [1]
    assert rows(ask(backend, "-events")) == [2]


def test_fields_narrow(backend: SearchBackend) -> None:
    facets = {"owner": ["listening-team"], "tag": ["gold"], "people": ["ada"]}
    backend.upsert(
        [
            doc("Events", row=1, columns=("email",), facets=facets),
            doc("Email", row=2, texts=("gold listening",)),
        ]
    )
    assert rows(ask(backend, "column:email")) == [1]
    assert rows(ask(backend, "name:email")) == [2]
    assert rows(ask(backend, "owner:listening-team")) == [1]
    assert rows(ask(backend, "owner:listening")) == [1]
    assert rows(ask(backend, 'owner:"Listening Team"')) == [1]
    assert rows(ask(backend, "owner:ada tag:gold")) == [1]
    assert ask(backend, "tag:silver").count == 0
    plain = doc("Skips", row=8, labels=("Play", "Listen event"))
    backend.upsert([replace(plain, facets={"term": (FacetValue("play", "Play · PL · Listen event"),)})])
    for text in ("term:play", "term:PL", 'term:"listen event"', "listen event"):
        assert rows(ask(backend, text)) == [8], text
    assert ask(backend, "term:listening").count == 0
    assert set(rows(ask(backend, "foo:email"))) == set()  # no field foo: both words, and nobody says foo


def test_spelling_is_corrected_and_said(backend: SearchBackend) -> None:
    backend.upsert([doc("Refunds", row=1, columns=("customer_email",)), doc("Other", row=2)])
    hits = ask(backend, "customer_emial")
    assert rows(hits) == [1]
    assert hits.corrections == (Correction("emial", ("email",)),)
    nothing = ask(backend, "xylophonist")
    assert nothing.count == 0
    assert nothing.unknown == ("xylophonist",)


def test_known_words_are_never_corrected(backend: SearchBackend) -> None:
    backend.upsert([doc("Emails", row=1), doc("Emaile", row=2)])
    hits = ask(backend, "emaile")
    assert rows(hits) == [2]
    assert hits.corrections == ()


def test_beginnings_are_completed_when_unknown(backend: SearchBackend) -> None:
    backend.upsert([doc("Subscription renewals", row=1)])
    hits = ask(backend, "subscr")
    assert rows(hits) == [1]
    assert hits.corrections == (Correction("subscr", ("subscription",)),)


def test_every_script_is_searched(backend: SearchBackend) -> None:
    titles = {
        1: "Müller Straße",
        2: "音楽配信サービス",
        3: "हिन्दी भाषा",
        4: "Музыка",
        5: "العربية",
        6: "ภาษาไทย",
        7: "🎵 notes",
    }
    backend.upsert([doc(title, row=row) for row, title in titles.items()])
    for text, row in {
        "muller": 1,
        "STRASSE": 1,
        "配信": 2,
        "サービス": 2,
        "भाषा": 3,
        "МУЗЫКА": 4,
        "العربية": 5,
        "ไทย": 6,
    }.items():
        assert rows(ask(backend, text)) == [row], text
    assert rows(ask(backend, '"音楽配信"')) == [2]
    assert ask(backend, "楽音").count == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "-",
        '"',
        '""',
        ":",
        "a:",
        "owner:",
        '-""',
        "(((",
        "AND OR NOT",
        "x" * 10_000,
        "a " * 5_000,
        "*?~^",
        "\ud800",
    ],
)
def test_no_text_is_an_error(backend: SearchBackend, text: str) -> None:
    backend.upsert([doc("Play events", row=1)])
    ask(backend, text)
    backend.suggest(opened(parse(text)), MESH, 8)


GOLDEN = [
    ("playback quality", 1),  # exact name before the same words in longer names and in texts
    ("Playback-Quality", 1),
    ("playback/playback-quality", 1),
    ("pq", 1),  # initials
    ("playback qual", 1),  # the beginning of a name
    ("customer_email", 4),  # the exact column before columns that contain it
    ("customer email", 4),
    ("playbak quality", 1),  # a typing error
    ("cusotmer_email", 4),
    ("royalty", 5),  # in the name before columns and texts
]


@pytest.mark.parametrize(("text", "first"), GOLDEN)
def test_golden_queries_find_their_document_first(backend: SearchBackend, text: str, first: int) -> None:
    backend.upsert(
        [
            doc("Playback quality", row=1, names=("playback-quality", "playback/playback-quality")),
            doc("Playback quality of old devices", row=2),
            doc(
                "Sessions",
                row=3,
                texts=("Playback quality, playback quality and playback quality; customer email",),
            ),
            doc("Refunds", row=4, columns=("customer_email", "amount")),
            doc("Royalty statements", row=5),
            doc("Campaigns", row=6, columns=("customer_email_hash", "royalty", "email_customer")),
            doc("Artists", row=7, columns=("royalty",), texts=("royalty royalty royalty",)),
        ]
    )
    assert rows(ask(backend, text))[0] == first


def test_scores_of_a_tier_follow_the_words(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("One", row=1, texts=("buffering",)),
            doc("Two", row=2, texts=("buffering buffering and nothing else",)),
            doc("Three", row=3, texts=("buffering " + "filler " * 60,)),
            doc("Four", row=4, texts=("buffering",), prior=-0.9),
        ]
    )
    assert rows(ask(backend, "buffering")) == [2, 1, 3, 4]


def test_sorts_and_pages(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("beta", row=1, updated_at=3, quality=50.0),
            doc("Alpha", row=2, updated_at=1, quality=None),
            doc("gamma", row=3, updated_at=2, quality=90.0),
        ]
    )
    assert rows(ask(backend, "", sort="name")) == [2, 1, 3]
    assert rows(ask(backend, "", sort="updated")) == [1, 3, 2]
    assert rows(ask(backend, "", sort="quality")) == [3, 1, 2]
    second = ask(backend, "", sort="name", page=2, page_size=2)
    assert (rows(second), second.count) == ([3], 3)
    assert rows(ask(backend, "", page=9)) == []


def test_facets_count_everything_and_ignore_their_own_filter(backend: SearchBackend) -> None:
    for row in range(1, 31):
        tags = ["gold"] if row % 3 == 0 else ["silver"]
        backend.upsert(
            [doc(f"Play {row}", row=row, facets={"tag": tags, "domain": ["a" if row <= 20 else "b"]})]
        )
    hits = ask(backend, "play", filters={"tag": frozenset({"gold"})}, page_size=2)
    assert hits.count == 10
    assert {f.value: f.count for f in hits.facets["tag"]} == {"silver": 20, "gold": 10}
    assert {f.value: f.count for f in hits.facets["domain"]} == {"a": 6, "b": 4}
    assert [f.label for f in hits.facets["tag"]] == ["Silver", "Gold"]
    both = ask(backend, "play", filters={"tag": frozenset({"gold", "silver"}), "domain": frozenset({"b"})})
    assert both.count == 10


def test_filters_that_exclude_are_named(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("Play", row=1, facets={"tag": ["gold"], "domain": ["a"]}),
            doc("Play", row=2, facets={"tag": ["gold"], "domain": ["b"]}),
        ]
    )
    filters = {"tag": frozenset({"silver"}), "domain": frozenset({"a", "b"})}
    hits = ask(backend, "play", filters=filters)
    assert hits.count == 0
    assert hits.without == {"tag": 2}


def test_products_show_their_best_ports_and_columns(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("Refunds", row=1, columns=("customer_email", "amount", "customer_id")),
            doc("table", kind="port", row=10, product_id=1, columns=("customer_email", "customer_id")),
            doc("summary", kind="port", row=11, product_id=1, columns=("amount",)),
        ]
    )
    (hit,) = ask(backend, "customer_email").hits
    assert [(port.key.id, port.columns) for port in hit.ports] == [(10, ("customer_email", "customer_id"))]
    assert ask(backend, "").hits[0].ports == ()


def test_columns_are_listed_from_their_ports(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc(
                "a",
                kind="port",
                row=1,
                columns=("customer_email", "customer_id", "amount"),
                facets={"tag": ["x"]},
            ),
            doc("b", kind="port", row=2, columns=("customer.email", "email_opt_in"), facets={"tag": ["y"]}),
            doc("c", kind="port", row=3, columns=("other",), texts=("customer email",)),
        ]
    )
    hits = ask(backend, "customer_email", kind="column")
    assert {(hit.key.id, hit.column) for hit in hits.hits} == {(1, "customer_email"), (2, "customer.email")}
    assert hits.count == 2
    wider = ask(backend, "customer", kind="column")
    assert wider.count == 3
    assert {f.value: f.count for f in wider.facets["tag"]} == {"x": 2, "y": 1}
    assert ask(backend, "", kind="column").count == 6
    assert [hit.column for hit in ask(backend, "", kind="column", sort="name", page_size=2).hits] == [
        "amount",
        "customer.email",
    ]


def test_suggestions_complete_names_and_columns(backend: SearchBackend) -> None:
    backend.upsert(
        [
            doc("Playback quality", row=1),
            doc("Plain facts", row=2),
            doc("Sessions", row=3, texts=("plays",)),
            doc("sessions", kind="port", row=4, columns=("played_at", "plan")),
        ]
    )
    found = backend.suggest(opened(parse("pla")), MESH, 8)
    assert [s.key.id for s in found if s.kind == "product" and s.key] == [2, 1, 3]
    assert {s.text for s in found if s.kind == "column"} == {"played_at", "plan"}
    assert backend.suggest(opened(parse("playback q")), MESH, 8)[0].key == DocKey("product", 1)
    assert backend.suggest(opened(parse("plabyack")), MESH, 8)[0].key == DocKey("product", 1)


def test_what_a_reader_may_not_see_leaves_no_trace(backend: SearchBackend) -> None:
    """Rows, counts, facets, corrections, scores and suggestions are as if the rest did not exist."""
    mine = [doc("Play events", row=1, texts=("seldom",)), doc("Email", row=2)]
    backend.upsert(mine)
    texts = ["play", "seldom", "secrte", "secret", "emial", "", "project", "-secret", "tag:hidden"]
    before = {text: ask(backend, text) for text in texts}
    before_suggestions = [backend.suggest(opened(parse(text)), MESH, 8) for text in texts]
    secret = {"audience": {"team:1"}, "facets": {"tag": ["hidden"]}, "texts": ("seldom seldom play play",)}
    backend.upsert([doc(f"Secret project {n}", row=50 + n, **secret) for n in range(20)])
    backend.upsert([doc("secret_port", kind="port", row=60, columns=("secret_column",), audience={"user:5"})])
    assert {text: ask(backend, text) for text in texts} == before
    assert [backend.suggest(opened(parse(text)), MESH, 8) for text in texts] == before_suggestions
    assert ask(backend, "secret", kind="column").count == 0
    assert ask(backend, "secret", frozenset({"team:1"})).count == 20
    assert ask(backend, "secret", ALL, kind="port").count == 1
    assert ask(backend, "secret", frozenset()).count == 0


def test_only_one_writer_at_a_time(backend: SearchBackend) -> None:
    with backend.exclusive() as first:
        assert first
        with backend.exclusive() as second:
            assert not second
    with backend.exclusive() as again:
        assert again
