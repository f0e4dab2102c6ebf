"""`rotate_keys`: nothing stored is ever without a key that opens it, and nobody is signed out."""

import signal
from pathlib import Path

import pytest

from tests.commanded_portal import Portal, done

SOWN = """
from django.contrib.auth import SESSION_KEY
from catalog.accounts.sessions import SessionStore
from catalog.common import crypto
from tests import factories as make
user = make.make_user("ada", password="correct-horse-battery")
make.make_connection("Lake", secret=crypto.encrypt({"password": "open-sesame"}))
from django.test import RequestFactory
from django.contrib.auth import login
request = RequestFactory().get("/")
request.session = SessionStore()
login(request, user, backend="django.contrib.auth.backends.ModelBackend")
request.session.save()
print(json.dumps(request.session.session_key))
"""
LOOK = """
from django.conf import settings
from django.contrib.auth import get_user
from django.test import RequestFactory
from catalog.accounts.sessions import SessionStore
from catalog.common import crypto
from catalog.connections.models import Connection
from django.db import transaction
request = RequestFactory().get("/")
request.session = SessionStore(KEY)
transaction.set_autocommit(False)  # a session of an older key is given a new name, which only its browser would learn
print(json.dumps([
    crypto.decrypt(Connection.objects.get().secret)["password"],
    str(get_user(request)),
    settings.SECRET_KEY,
    len(settings.SECRET_KEY_FALLBACKS),
    settings.ENCRYPTION_KEYS,
]))
transaction.rollback()
"""
KILL = """
import os, signal
from django.core.management import call_command
from meshportal import keys, rotation
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
PATCH
call_command("rotate_keys")
"""


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    portal = Portal(tmp_path / "portal")
    done(portal.manage("prepare"))
    return portal


@pytest.mark.slow
def test_keys_are_new_credentials_readable_and_sessions_live(portal: Portal) -> None:
    look = LOOK.replace("KEY)", f"{portal.json(SOWN)!r})", 1)
    _, _, signing, fallbacks, encryption = portal.json(look)
    assert (fallbacks, len(encryption)) == (0, 1)
    dry = done(portal.manage("rotate_keys", "--dry-run"))
    assert "1 credentials are stored, 0 of them under older keys." in dry
    assert portal.json(look)[2:] == [signing, 0, encryption]

    for patch in ("rotation.services.rotate_secrets = die", "rotation._still_believed = die"):
        assert portal.run(KILL.replace("PATCH", patch)).returncode == -signal.SIGKILL
        assert portal.json(look)[:2] == ["open-sesame", "Ada"]

    assert "1 credentials are under a new key" in done(portal.manage("rotate_keys"))
    password, person, new_signing, fallbacks, new_encryption = portal.json(look)
    assert (password, person) == ("open-sesame", "Ada")
    assert new_signing != signing
    assert len(new_encryption) == 1
    assert new_encryption != encryption
    assert fallbacks == 1

    assert "everybody signs in again" in done(portal.manage("rotate_keys", "--sign-everybody-out"))
    assert portal.json(look)[1] == "AnonymousUser"


@pytest.mark.slow
def test_keys_of_settings_are_left_alone_and_credentials_come_under_the_first(portal: Portal) -> None:
    look = LOOK.replace("KEY)", f"{portal.json(SOWN)!r})", 1)
    _, _, signing, _, (old,) = portal.json(look)
    new = "bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0="
    portal.env |= {
        "MESHPORTAL_SECRET_KEY": "x9" * 30,
        "MESHPORTAL_SECRET_KEY_FALLBACKS": signing,
        "MESHPORTAL_ENCRYPTION_KEYS": f"{new},{old}",
    }
    assert portal.json(look)[:2] == ["open-sesame", "Ada"]
    assert "1 of them under older keys" in done(portal.manage("rotate_keys", "--dry-run"))
    assert "may be taken out" in done(portal.manage("rotate_keys"))
    portal.env["MESHPORTAL_ENCRYPTION_KEYS"] = new
    assert portal.json(look)[:2] == ["open-sesame", "Ada"]
