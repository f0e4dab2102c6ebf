"""Provisioners of installed packages: usable ones are offered, broken ones are left out."""

import logging
from importlib.metadata import EntryPoint

import pytest

from catalog.access.models import PortTerms
from catalog.access.provisioners import BY_HAND, GROUP, load, provisioner_of, provisioners


class Granting:
    name = "magic"
    title = "By magic"
    needs_work = True
    kinds = ()


class Nameless:
    title = "Nothing"


def test_a_broken_package_is_logged_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    points = [
        EntryPoint("magic", "tests.catalog.access.test_provisioners:Granting", GROUP),
        EntryPoint("nameless", "tests.catalog.access.test_provisioners:Nameless", GROUP),
        EntryPoint("gone", "no.such.module:Thing", GROUP),
    ]
    with caplog.at_level(logging.ERROR):
        assert [item.name for item in load(points)] == ["magic"]
    assert "gone" in caplog.text
    assert "nameless" in caplog.text


def test_what_is_not_installed_is_granted_by_hand() -> None:
    assert provisioner_of(PortTerms(provisioner="magic")).name == BY_HAND
    assert not provisioner_of(PortTerms(provisioner="none")).needs_work
    assert list(provisioners())[:4] == ["manual", "none", "postgresql", "mariadb"]
