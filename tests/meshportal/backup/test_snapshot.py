"""A backup shows one moment, while others write."""

import json
import threading
import zipfile
from pathlib import Path

import pytest
from django.db import connection, transaction

from catalog.accounts.models import User
from catalog.vocabulary.models import Tag
from meshportal.backup.writing import back_up
from tests import factories as make


def write_pairs(stop: threading.Event, written: list[int]) -> None:
    """A person and a tag in one transaction, again and again."""
    try:
        while not stop.is_set():
            number = len(written)
            with transaction.atomic():
                User.objects.bulk_create([User(username=f"u{number}-{i}", password="!") for i in range(20)])
                names = [f"t{number}-{i}" for i in range(20)]
                Tag.objects.bulk_create([Tag(name=name, folded_name=name, slug=name) for name in names])
            written.append(number)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_backup_under_writes_is_one_moment_and_holds_nobody_up(tmp_path: Path) -> None:
    make.make_user("ada")
    stop, written = threading.Event(), list[int]()
    writer = threading.Thread(target=write_pairs, args=(stop, written))
    writer.start()
    try:
        for number in range(5):
            before = len(written)
            manifest = back_up(tmp_path / f"{number}.zip")
            people, tags = manifest.tables["catalog_user"].rows, manifest.tables["catalog_tag"].rows
            assert people - 1 == tags
            assert tags >= 20 * before, "what was committed before is in it"
        assert len(written) > before, "the writer went on meanwhile"
    finally:
        stop.set()
        writer.join()
    with zipfile.ZipFile(tmp_path / "4.zip") as archive:
        assert json.loads(archive.read("manifest.json"))["database"] == connection.vendor
