"""Artifacts by the API and by the page; what comes of them is followed where one may."""

import gzip
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.accounts.services import create_token
from lineage.dbt.running import run_import
from lineage.models import DbtImport, DbtProject
from tests.conftest import Cast
from tests.lineage.dbt.projects import catalog, imported, manifest

pytestmark = pytest.mark.django_db
API = "/api/v1/lineage/dbt/"


def bearer(person: object) -> dict[str, str]:
    _, key = create_token(actor=person, person=person, name="dbt", scopes=["read", "write"])  # type: ignore[arg-type]
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("pack", [lambda raw: raw, gzip.compress])
def test_a_manifest_as_the_body_is_kept_and_read_by_a_worker(
    client: Client, cast: Cast, pack: object
) -> None:
    headers = bearer(cast.owner)
    body = pack(json.dumps(manifest()).encode())  # type: ignore[operator]
    sent = client.post(API, body, content_type="application/json", headers=headers)
    assert sent.status_code == 202, sent.content
    assert sent.json()["status"] == "queued"
    run_import(import_id=sent.json()["id"])
    followed = client.get(sent["Location"], headers=headers).json()
    assert (followed["status"], followed["project"], followed["counts"]["made"]) == ("succeeded", "shop", 6)


def test_several_files_go_by_the_form(client: Client, cast: Cast) -> None:
    files = [
        SimpleUploadedFile(name, json.dumps(data).encode())
        for name, data in (("manifest.json", manifest()), ("catalog.json", catalog()))
    ]
    sent = client.post(API, {"files": files, "namespace": "postgres://db:5432"}, headers=bearer(cast.owner))
    assert sent.status_code == 202, sent.content
    assert [file["name"] for file in sent.json()["files"]] == ["manifest.json", "catalog.json"]
    run_import(import_id=sent.json()["id"])
    assert DbtProject.objects.get().namespace == "postgres://db:5432"


@pytest.mark.parametrize("body", [b"", b"\x1f\x8bdamaged"])
def test_what_cannot_be_kept_is_refused_at_once(client: Client, cast: Cast, body: bytes) -> None:
    sent = client.post(API, body, content_type="application/json", headers=bearer(cast.owner))
    assert sent.status_code == 400, sent.content
    assert not DbtImport.objects.exists()


def test_the_pages_show_what_came_of_it(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    page = client.post(
        "/lineage/imports/",
        {
            "artifacts": SimpleUploadedFile("manifest.json", json.dumps(manifest()).encode()),
            "team": "listening-team",
        },
    )
    job = DbtImport.objects.get()
    assert page.headers["Location"] == f"/lineage/imports/{job.pk}/"
    assert "waits for a worker" in client.get(page.headers["Location"]).content.decode()
    run_import(import_id=job.pk)
    done = client.get(page.headers["Location"]).content.decode()
    assert "Succeeded" in done
    assert " new" in done
    project = DbtProject.objects.get()
    nodes = client.get(f"/lineage/dbt/{project.pk}/").content.decode()
    assert "stg_orders" in nodes
    assert "exposure" in nodes.lower()
    assert "Ada" in nodes
    assert "shop" in client.get("/lineage/imports/").content.decode()


def test_lists_take_as_many_queries_for_many_as_for_few(
    client: Client, cast: Cast, django_assert_max_num_queries: object
) -> None:
    for _ in range(3):
        imported(manifest(), actor=cast.owner)
    client.force_login(cast.owner)
    client.get("/lineage/imports/")
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        client.get("/lineage/imports/")
