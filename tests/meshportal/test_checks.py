"""What the checks say of unsafe settings, and that they are silent about safe ones."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import settings as present
from pytest_django import Settings

from meshportal import checks
from meshportal.email import Email
from meshportal.identity import Oidc

POSTGRES = {"ENGINE": "django.db.backends.postgresql", "NAME": "mesh", "HOST": "db.example.org"}
SAFE_POSTGRES = POSTGRES | {"OPTIONS": {"sslmode": "verify-full"}}
PROVIDER = Oidc("https://id.example.org", "portal", "secret")
MAIL = Email(host="mail.example.org", starts_tls=True)


@pytest.fixture
def safe(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings.DEBUG = settings.DEMO = False
    settings.SECURE = True
    settings.SECURE_HSTS_SECONDS = 2_592_000
    settings.BIND_HOST = "0.0.0.0"  # noqa: S104  # the case under test
    settings.ALLOWED_HOSTS = ["mesh.example.org"]
    settings.SECRET_KEY = "k2f9xQw7" * 8
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24")]
    settings.SEARCH_BACKEND = "postgres"
    monkeypatch.setattr(checks, "database", lambda: SAFE_POSTGRES)
    settings.REDIS_URL = "rediss://:password@valkey.example.org:6379/0"
    settings.EMAIL, settings.PUBLIC_URL = MAIL, "https://mesh.example.org"
    tmp_path.chmod(0o700)
    settings.DATA_DIR = tmp_path
    return settings


def said() -> set[str]:
    return {str(message.id) for message in (*checks.unsafe_everywhere(None), *checks.unsafe_for_others(None))}


def test_safe_settings_are_passed_in_silence(safe: Settings) -> None:
    assert said() == set()


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"DEBUG": True}, {"E001", "W006"}),
        ({"DEMO": True}, {"W001", "W005"}),
        ({"SECURE": False}, {"W002"}),
        ({"ALLOWED_HOSTS": ["*"]}, {"W003"}),
        ({"ALLOWED_HOSTS": [".example.org"]}, {"W003"}),
        ({"SECRET_KEY": "short"}, {"W004"}),
        ({"SECRET_KEY": "k" * 60}, {"W004"}),
        ({"SECRET_KEY": "django-insecure-" + "k2f9xQw7" * 8}, {"W004"}),
        ({"SECRET_KEY_FALLBACKS": ["short"]}, {"W004"}),
        ({"ENCRYPTION_KEYS": ["a", "b"]}, {"W007"}),
        ({"TRUSTED_PROXIES": []}, {"W008"}),
        ({"OIDC": PROVIDER, "SECURE": False}, {"W002", "W022"}),
        ({"PASSWORD_LOGIN": False, "BREAK_GLASS": ["admin"]}, {"W023"}),
        ({"PASSWORD_LOGIN": False, "OIDC": PROVIDER}, {"W024"}),
        ({"OIDC": replace(PROVIDER, issuer="https://accounts.google.com", creates_accounts=True)}, {"W025"}),
        ({"OIDC": replace(PROVIDER, issuer="http://id.example.org")}, {"W026"}),
        ({"TRUSTED_PROXIES": [ip_network("0.0.0.0/0")]}, {"W009"}),
        ({"TRUSTED_PROXIES": [], "PROXY_COUNT": 1}, {"W010"}),
        ({"SECURE_HSTS_SECONDS": 0}, {"W011"}),
        ({"SEARCH_BACKEND": "whoosh"}, {"W012"}),
        ({"REDIS_URL": "redis://valkey.example.org:6379/0"}, {"W014"}),
        ({"ALLOWED_PRIVATE_HOSTS": ["*"]}, {"W016"}),
        ({"ALLOWED_PORTS": ["443", "22"]}, {"W017"}),
        ({"FILE_ROOTS": ["/"]}, {"W018"}),
        ({"EMAIL": replace(MAIL, starts_tls=False)}, {"W019"}),
        ({"METRICS_NETWORKS": [ip_network("::/0")]}, {"W020"}),
    ],
)
def test_each_unsafe_setting_is_named(safe: Settings, changes: dict[str, object], ids: set[str]) -> None:
    for name, value in changes.items():
        setattr(safe, name, value)
    assert said() == {f"meshportal.{number}" for number in ids}


def test_database_over_the_network_without_tls_is_named(
    safe: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "database", lambda: POSTGRES)
    assert said() == {"meshportal.W015"}
    monkeypatch.setattr(checks, "database", lambda: POSTGRES | {"HOST": "127.0.0.1"})
    assert said() == set()


def test_data_folder_others_may_open_is_named(safe: Settings) -> None:
    present.DATA_DIR.chmod(0o755)
    assert said() == {"meshportal.W021"}
    present.DATA_DIR.chmod(0o700)
    safe.FILE_ROOTS = [str(present.DATA_DIR.parent)]
    assert said() == {"meshportal.W018"}


def test_sqlite_on_a_network_file_system_is_named(safe: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lite = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/share/mesh/portal.sqlite3"}
    monkeypatch.setattr(checks, "database", lambda: lite)
    mounts = ["/dev/sda1 / ext4 rw 0 0", "nas:/x /srv/share nfs4 rw 0 0", "/dev/sdb /srv/sharex xfs rw 0 0"]
    assert checks.file_system_of(Path("/srv/sharex/a"), mounts) == "xfs"
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "\n".join(mounts))
    assert said() == {"meshportal.W013"}


def test_every_rule_is_tried_here_and_says_what_to_do() -> None:
    tried = Path(__file__).read_text(encoding="utf-8")
    for rule in checks.RULES:
        assert f"W{rule.number:03}" in tried
        assert rule.remedy.endswith((".", "…"))
    assert len({rule.number for rule in checks.RULES}) == len(checks.RULES)


def test_debug_on_loopback_is_nobody_elses_business(safe: Settings) -> None:
    safe.DEBUG, safe.BIND_HOST = True, "127.0.0.1"
    assert "meshportal.E001" not in said()


def test_mail_without_a_public_address_is_named_and_no_mail_is_no_matter(safe: Settings) -> None:
    safe.PUBLIC_URL = ""
    assert said() == {"meshportal.W022"}
    safe.EMAIL = Email()
    assert "meshportal.W022" not in said()
