"""Settings that are wrong stop the start with a sentence that names the variable."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from meshportal import email, env, keys

NAME = "MESHPORTAL_PUBLIC_URL"


@pytest.mark.parametrize(
    "value", ["https://mesh.example.org", "http://10.0.0.1:8080/", "https://[2001:db8::1]"]
)
def test_an_origin_is_scheme_host_and_port(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    assert env.origin(NAME) == value.rstrip("/")


@pytest.mark.parametrize(
    "value",
    [
        "mesh.example.org",
        "ftp://x",
        "https://",
        "https://a/b",
        "https://a?b",
        "https://u:p@a",
        "https://a:x",
        "https://[a",
    ],
)
def test_what_is_no_origin_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(env.ConfigurationError, match=NAME):
        env.origin(NAME)


def test_networks_and_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "10.0.0.0/8, ::1")
    assert env.networks(NAME) == [ip_network("10.0.0.0/8"), ip_network("::1/128")]
    monkeypatch.setenv(NAME, "10.0.0.1/8")
    with pytest.raises(env.ConfigurationError, match=r"10\.0\.0\.1/8"):
        env.networks(NAME)
    monkeypatch.setenv(NAME, "JSON")
    assert env.choice(NAME, "line", ("line", "json")) == "json"
    monkeypatch.setenv(NAME, "xml")
    with pytest.raises(env.ConfigurationError, match="line, json"):
        env.choice(NAME, "line", ("line", "json"))


def test_host_of_an_address_is_as_a_host_header_has_it() -> None:
    assert env.host_of("https://[2001:db8::1]:8443") == "[2001:db8::1]"
    assert env.host_of("https://Mesh.example.org") == "mesh.example.org"


def test_email_address_is_read_and_nothing_is_sent_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not email.configuration().is_configured
    assert email.configuration().backend.endswith("dummy.EmailBackend")
    monkeypatch.setenv("MESHPORTAL_EMAIL_URL", "smtp+starttls://me:p%40ss@mail.example.org")
    with pytest.raises(env.ConfigurationError, match="MESHPORTAL_EMAIL_FROM"):
        email.configuration()
    monkeypatch.setenv("MESHPORTAL_EMAIL_FROM", "portal@example.org")
    read = email.configuration()
    assert (read.host, read.port, read.user, read.password) == ("mail.example.org", 587, "me", "p@ss")
    assert read.starts_tls
    assert not read.is_tls
    for wrong in ("http://mail", "smtp://", "smtp://a:b"):
        monkeypatch.setenv("MESHPORTAL_EMAIL_URL", wrong)
        with pytest.raises(env.ConfigurationError, match="MESHPORTAL_EMAIL_URL"):
            email.configuration()


def test_key_files_hold_the_newest_first_and_when_the_others_were_retired(
    tmp_path: Path, monkeypatch: Any
) -> None:
    (first,) = keys.signing_keys(tmp_path)
    keys.write(tmp_path, keys.SIGNING, ["new-key", first])
    assert keys.signing_keys(tmp_path) == ["new-key", first]
    retired = keys.retired_at(tmp_path, keys.SIGNING)
    assert set(retired) == {first}
    keys.write(tmp_path, keys.SIGNING, ["newest", "new-key", first])
    assert keys.retired_at(tmp_path, keys.SIGNING)[first] == retired[first], "retired once"
    assert (tmp_path / "keys" / keys.SIGNING).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("MESHPORTAL_SECRET_KEY", "given")
    monkeypatch.setenv("MESHPORTAL_SECRET_KEY_FALLBACKS", "a,b")
    assert keys.signing_keys(tmp_path) == ["given", "a", "b"]
