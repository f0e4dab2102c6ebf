"""Sending files of results in tests."""

import datetime as dt
import json
from typing import Any

from django.test import Client

from catalog.accounts.models import User
from catalog.quality.outside.reading import read_data
from catalog.quality.outside.services import take_results

NOW = dt.datetime(2026, 11, 18, 15, 30, tzinfo=dt.UTC)
KEY = "urn:example:sessions-contract"
ADDRESS = "/api/v1/quality/results/"


def take(data: Any, actor: User | None = None, **more: Any) -> Any:
    return take_results(actor=actor, reading=read_data(data), **more)


def post(person: User, data: Any, address: str = ADDRESS) -> Any:
    client = Client()
    client.force_login(person)
    return client.post(address, json.dumps(data), content_type="application/json")
