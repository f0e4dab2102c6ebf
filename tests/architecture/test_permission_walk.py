"""Every address as every role: the right status, and never a name its reader may not know.

The examples stand in `tests/walk/<feature>.py`. A route without an example fails here, so that no page or endpoint
comes to the portal without somebody saying who may see it. `WALK=slos,search` in the environment asks only the
examples of those features.
"""

import importlib
import os
import pkgutil
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

import tests.walk
from catalog.accounts.services import create_token
from meshportal.celery import HEARTBEAT_KEY
from meshportal.health import pulse
from tests.architecture.routes import every_route
from tests.conftest import Cast
from tests.walk import ROLES, Example, Routes
from tests.walk.world import MARK, SLUG_MARK, World, build

pytestmark = pytest.mark.django_db
API = ("api:", "compat:")  # what machines call, at our addresses and at those of others


@pytest.fixture(autouse=True)
def no_worker() -> None:
    """Nobody has seen a worker, whatever a test before in this process did."""
    cache.delete(HEARTBEAT_KEY)
    pulse.forget()


def registry(features: str = "") -> Routes:
    """All examples, or those of some features; a route registered by two features is a mistake."""
    found: Routes = {}
    for module in pkgutil.iter_modules(tests.walk.__path__):
        if features and module.name not in features.split(","):
            continue
        routes: Routes = getattr(importlib.import_module(f"tests.walk.{module.name}"), "ROUTES", {})
        assert not found.keys() & routes.keys(), f"{module.name} repeats routes of another module"
        found |= routes
    return found


def cases() -> Iterator[tuple[str, Example]]:
    for route, examples in registry(os.environ.get("WALK", "")).items():
        for example in examples:
            yield route, example


def ask(client: Client, route: str, example: Example, world: World, **headers: str) -> Any:
    """The answer to one example; whatever it wrote is undone."""
    url = reverse(route, kwargs=example.keywords(world)) + example.query
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        options: dict[str, Any] = {"headers": {**example.headers, **headers}}
        if example.method != "GET":
            options["data"] = example.body(world)
            if route.startswith(API):
                options["content_type"] = "application/json"
        response = getattr(client, example.method.lower())(url, **options)
        transaction.set_rollback(True)
    client.cookies = cookies  # signing out is undone too
    return response


def text_of(response: HttpResponse) -> str:
    content = b"".join(response) if getattr(response, "streaming", False) else response.content  # type: ignore[arg-type]
    return content.decode("utf-8", "replace").lower()


def complaints(role: str, route: str, example: Example, response: Any) -> Iterator[str]:
    wanted = example.expect[role]
    where = f"{example.method} {route} {response.request['PATH_INFO']}{example.query}"
    if response.status_code != wanted:
        yield f"{where}: {response.status_code} instead of {wanted}"
    if role == "admin":
        return
    text = text_of(response)
    # With what follows it in every address: four letters alone come up by chance in the random text of a form.
    telling = [MARK, *([] if example.conceals else [f"{SLUG_MARK}-", f"{SLUG_MARK}:"])]
    places = [text.index(word) for word in telling if word in text]
    if places:
        excerpt = " ".join(text[max(min(places) - 150, 0) : min(places) + 100].split())
        yield f"{where}: tells of the vault: … {excerpt} …"


def test_every_route_has_examples_and_every_example_a_route() -> None:
    routes = {route.name for route in every_route()}
    named = registry().keys()
    missing, stale = sorted(routes - named), sorted(named - routes)
    assert not missing, f"add examples in tests/walk/<feature>.py for {', '.join(missing)}"
    assert not stale, f"these routes are gone, remove their examples: {', '.join(stale)}"


def test_every_route_below_a_product_has_an_example_that_conceals_one() -> None:
    bare = [
        route.name
        for route in every_route()
        if "<str:domain>" in route.path and not any(item.conceals for item in registry().get(route.name, []))
    ]
    assert not bare, "no example shows that these say nothing of a private product"


@pytest.mark.parametrize("role", ROLES)
def test_every_answer_is_as_the_role_may_have_it(role: str, cast: Cast) -> None:
    world = build(cast)
    client = Client(raise_request_exception=False)
    if role != "anonymous":
        client.force_login(cast.everybody()[role])
    found = [
        complaint
        for route, example in cases()
        for complaint in complaints(role, route, example, ask(client, route, example, world))
    ]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("role", ["owner", "consumer", "guest", "admin"])
def test_token_opens_no_more_than_its_person_may_read(role: str, cast: Cast) -> None:
    world = build(cast)
    _, secret = create_token(actor=cast.everybody()[role], person=cast.everybody()[role], name="walk", days=1)
    client = Client(raise_request_exception=False)
    reads = [
        (name, item)
        for name, item in cases()
        if name.startswith(API) and name != "api:docs" and item.method == "GET"  # a page for people
    ]
    found = [
        complaint
        for route, example in reads
        for complaint in complaints(
            role, route, example, ask(client, route, example, world, Authorization=f"Bearer {secret}")
        )
    ]
    assert reads or "WALK" in os.environ
    assert not found, "\n".join(["", *found])
