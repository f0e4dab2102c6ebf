"""Files of terms: all or nothing, again without a change, with the rights of who brings them."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from catalog.audit.models import AuditEvent
from catalog.common.errors import Invalid
from catalog.glossary import importing
from catalog.glossary.importing import import_terms
from catalog.glossary.models import GlossaryTerm, TermLink
from catalog.products.models import OutputPort
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
FILE = b"""
kind: Glossary
terms:
  - {name: Spin, state: deprecated, successor: play}
  - name: Play
    domain: listening
    definition: Heard for 30 seconds.
    synonyms: [Stream]
    state: approved
    owner: listening-team
    steward: owner
    related: [spin]
    links: [listening/play-events, "listening/play-events/plays#track.title"]
"""


def test_file_is_taken_whole_and_again_changes_nothing(cast: Cast, plays: OutputPort) -> None:
    tried = import_terms(actor=cast.admin, raw=FILE, is_dry_run=True)
    assert ([item.status for item in tried], GlossaryTerm.objects.exists()) == (["made", "made"], False)
    made = import_terms(actor=cast.admin, raw=FILE)
    assert [(item.status, item.links) for item in made] == [("made", 0), ("made", 2)]
    spin, play = (GlossaryTerm.objects.get(slug=slug) for slug in ("spin", "play"))
    assert (spin.state, spin.successor, play.domain) == ("deprecated", play, cast.listening)
    assert (play.team, play.steward, list(play.related.all())) == (cast.listening_team, cast.owner, [spin])
    assert TermLink.objects.get(port=plays).path == "track.title"
    before = AuditEvent.objects.count()
    again = import_terms(actor=cast.admin, raw=FILE)
    assert [(item.status, item.links) for item in again] == [("unchanged", 0), ("unchanged", 0)]
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"kind: Other\nterms: []", "$"),
        (b"kind: Glossary\nterms: [3]", "$"),
        (b"kind: Glossary\nterms: [{name: A, colour: red}]", "$.terms[0].colour"),
        (b"kind: Glossary\nterms: [{name: A}, {name: B, domain: nowhere}]", "$.terms[1].domain"),
        (b"kind: Glossary\nterms: [{name: A, related: [B]}]", "$.terms[0].related"),
        (b"kind: Glossary\nterms: [{name: A, state: approved, links: [no/thing]}]", "$.terms[0].links"),
        (b"kind: Glossary\nterms: [{definition: x}]", "$.terms[0].name"),
        (b"kind: Glossary\nterms: [{name: [A]}]", "$.terms[0]"),
        (b"\x00\xff", ""),
        (b"kind: [", ""),
    ],
)
def test_wrong_file_is_refused_with_its_places_and_nothing_is_kept(cast: Cast, raw: bytes, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        import_terms(actor=cast.admin, raw=raw)
    assert not path or path in [problem.path for problem in caught.value.problems]
    assert not GlossaryTerm.objects.exists()


def test_steward_brings_terms_of_their_domain_only(client: Client, cast: Cast) -> None:
    client.force_login(cast.steward)
    own = b"kind: Glossary\nterms: [{name: Stall, domain: playback}]"
    for raw, status in ((b"kind: Glossary\nterms: [{name: Stall}]", 400), (own, 200)):
        sent = client.post("/glossary/import/", {"document": SimpleUploadedFile("t.yaml", raw)})
        assert sent.status_code == status
    assert GlossaryTerm.objects.get().name == "Stall"
    dry = {"document": SimpleUploadedFile("t.yaml", own.replace(b"Stall", b"Gap")), "is_dry_run": "on"}
    assert "Nothing was written yet" in client.post("/glossary/import/", dry).content.decode()
    assert GlossaryTerm.objects.count() == 1


def test_command_says_what_it_did(cast: Cast, tmp_path: Path) -> None:
    file, out = tmp_path / "terms.yaml", StringIO()
    file.write_bytes(b"kind: Glossary\nterms: [{name: Play}]")
    call_command("import_glossary", str(file), "--dry-run", stdout=out)
    call_command("import_glossary", str(file), "--as", "admin", stdout=out)
    assert out.getvalue().splitlines() == [
        "Terms: 1 made; links made: 0 (nothing is kept of this)", "Terms: 1 made; links made: 0",
    ]  # fmt: skip
    for wrong in (["--as", "owner"], ["--as", "nobody"]):
        with pytest.raises(CommandError):
            call_command("import_glossary", str(file), *wrong, stdout=out)


def test_a_file_of_too_many_links_is_refused_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_LINKS", 1)
    with pytest.raises(Invalid, match="at most 1 links"):
        import_terms(actor=cast.admin, raw=FILE)
    assert not GlossaryTerm.objects.exists()


def test_a_hidden_draft_is_refused_in_the_words_of_none(cast: Cast) -> None:
    """Whether there is a draft one may not read is not told by how an import is refused."""
    raw = b"kind: Glossary\nterms: [{name: Spin, domain: listening}]"
    with pytest.raises(Invalid) as none:
        import_terms(actor=cast.consumer, raw=raw)
    import_terms(actor=cast.admin, raw=raw)
    assert not GlossaryTerm.objects.visible_to(cast.consumer).exists()
    with pytest.raises(Invalid) as hidden:
        import_terms(actor=cast.consumer, raw=raw)
    assert hidden.value.message == none.value.message
