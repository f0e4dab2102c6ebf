"""Rotating: all credentials under the newest key, or none."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps

from catalog.common import crypto
from catalog.connections.models import Connection, ConnectionCheck
from catalog.connections.services import HOLDERS_OF_SECRETS, count_secrets_by_key, rotate_secrets
from tests import factories as make

pytestmark = pytest.mark.django_db
SECRET = {"password": "open-sesame"}


def test_secrets_of_connections_and_of_waiting_tests_come_under_the_newest_key(settings: Any) -> None:
    make.make_connection(secret=crypto.encrypt(SECRET))
    make.make_connection()
    ConnectionCheck.objects.create(
        requested_by=make.make_user(), kind="sqlite", secret=crypto.encrypt(SECRET)
    )
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert count_secrets_by_key() == [0, 2]
    assert rotate_secrets(actor=None) == 2
    assert count_secrets_by_key() == [2, 0]
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert crypto.decrypt(Connection.objects.exclude(secret="").get().secret) == SECRET
    assert crypto.decrypt(ConnectionCheck.objects.get().secret) == SECRET


def test_one_unreadable_secret_leaves_all_as_they_were(settings: Any) -> None:
    good = make.make_connection("A", secret=crypto.encrypt(SECRET))
    make.make_connection("B", secret="not a token")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    with pytest.raises(crypto.CannotDecrypt, match="B"):
        rotate_secrets(actor=None)
    with pytest.raises(crypto.CannotDecrypt, match="B"):
        count_secrets_by_key()
    before = good.secret
    good.refresh_from_db()
    assert good.secret == before


def test_every_model_that_holds_a_secret_is_rotated() -> None:
    words = {"secret", "secrets", "token", "credentials"}
    holders = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if words & set(field.name.split("_")) and not field.is_relation
    }
    assert holders == set(HOLDERS_OF_SECRETS), "add the model to HOLDERS_OF_SECRETS"
