"""Results sent by the API, by datacontract-cli's address, and by the command."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from catalog.products.models import OutputPort
from catalog.quality.models import QualityCheck
from tests import factories as make
from tests.catalog.quality.outside import files
from tests.catalog.quality.outside.sending import ADDRESS, KEY, post
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_api_takes_a_body_and_names_what_became_of_it(cast: Cast, plays: OutputPort) -> None:
    answer = post(cast.owner, files.scan("fail"))
    assert answer.status_code == 200
    (taken,) = answer.json()["files"]
    assert (taken["tool"], taken["results"], taken["unplaced"]) == ("soda", 1, 0)


def test_api_takes_several_files_with_the_manifest_among_them(cast: Cast, plays: OutputPort) -> None:
    client = Client()
    client.force_login(cast.owner)
    sent = [
        SimpleUploadedFile(name, json.dumps(data).encode())
        for name, data in (("run_results.json", files.dbt_run()), ("manifest.json", files.dbt_manifest()))
    ]
    answer = client.post(ADDRESS, {"files": sent})
    assert [item["name"] for item in answer.json()["files"]] == ["run_results.json"]
    assert plays.checks.get().element == "play_id"


@pytest.mark.parametrize(
    ("query", "data", "status", "path"),
    [
        ("?kind=excel", files.scan(), 400, "kind"),
        ("?kind=dbt", files.scan(), 400, "$"),
        ("?port=plays", files.scan(), 400, "port"),
        ("?port=listening/play-events/none", files.scan(), 404, None),
        ("?nothing=1", files.scan(), 400, "nothing"),
        ("", {}, 400, "$"),
        ("", [1], 400, "$"),
        ("", files.scan(table="elsewhere"), 404, "$.checks[0]"),
        ("", files.contract_run("urn:nothing"), 404, "$.checks[0]"),
    ],
)
def test_api_refuses_with_the_place(
    cast: Cast, plays: OutputPort, query: str, data: Any, status: int, path: str | None
) -> None:
    answer = post(cast.owner, data, ADDRESS + query)
    assert answer.status_code == status
    assert path is None or answer.json()["problems"][0]["path"] == path
    assert not QualityCheck.objects.exists()


def test_api_takes_results_for_a_port_that_is_named(cast: Cast, plays: OutputPort) -> None:
    answer = post(cast.owner, files.scan(table=""), f"{ADDRESS}?port=listening/play-events/plays")
    assert (answer.status_code, plays.checks.count()) == (200, 1)
    make.make_port(cast.play_events, "plays", version="2.0.0")
    assert post(cast.owner, files.scan(), f"{ADDRESS}?port=listening/play-events/plays").status_code == 400
    assert (
        post(cast.owner, files.scan(), f"{ADDRESS}?port=listening/play-events/plays/2.0.0").status_code == 200
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_address_of_datacontract_cli_takes_runs_of_contracts(
    cast: Cast, sessions: OutputPort, slash: str
) -> None:
    address = f"/api/test-results{slash}"
    assert post(cast.owner, files.contract_run(KEY, "failed"), address).status_code == 200
    assert sessions.checks.get().results.get().outcome == "failed"
    assert post(cast.owner, files.contract_run("urn:nothing"), address).status_code == 404
    assert post(cast.consumer, files.contract_run(KEY), address).status_code == 403
    assert post(cast.owner, files.scan(), address).status_code == 400


def test_command_takes_files_and_says_what_was_left_out(
    cast: Cast, plays: OutputPort, tmp_path: Path
) -> None:
    good, bad = tmp_path / "scan.json", tmp_path / "bad.json"
    scan = files.scan()
    scan["checks"].append({**scan["checks"][0], "table": "elsewhere"})
    good.write_text(json.dumps(scan))
    bad.write_text("{")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("import_results", str(good), stdout=out)
    assert ended.value.code == 1
    assert "1 results on listening/play-events/plays/1.0.0, 1 left out" in out.getvalue()
    assert "$.checks[1]" in out.getvalue()
    out = StringIO()
    call_command("import_results", str(good), "--port", "listening/play-events/plays", "--json", stdout=out)
    assert json.loads(out.getvalue())["results"] == 2
    for arguments in ([str(bad)], [str(tmp_path / "none.json")], [str(good), "--as", "nobody"]):
        with pytest.raises(CommandError) as told:
            call_command("import_results", *arguments)
        assert told.value.returncode == 2
    with pytest.raises(CommandError):
        call_command("import_results", str(good), "--as", "guest")
