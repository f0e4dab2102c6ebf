"""The command for operators: the same services as the pages."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.connections.models import Connection
from catalog.crawling.models import CrawlRun
from tests.catalog.crawling.conftest import Store

pytestmark = pytest.mark.django_db


def crawl(*arguments: str) -> str:
    out = StringIO()
    call_command("crawl", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_crawl_is_queued_for_the_workers(store: Store) -> None:
    assert "queued" in crawl("--connection", store.connection.slug)
    assert CrawlRun.objects.filter(status="queued").count() == 1


def test_waiting_runs_it_here_and_tells_the_outcome(store: Store) -> None:
    assert "succeeded" in crawl("--all", "--wait", "--threads", "1")


@pytest.mark.parametrize("break_it", ["away", "paused"])
def test_failure_is_told_and_ends_with_an_error(store: Store, break_it: str) -> None:
    if break_it == "away":
        store.path.rename(store.path.with_suffix(".away"))
    else:
        Connection.objects.update(is_paused=True)
    with pytest.raises(CommandError, match="1 of 1"):
        crawl("--connection", store.connection.slug, "--wait", "--threads", "1")


@pytest.mark.parametrize("arguments", [(), ("--connection", "nowhere"), ("--all", "--connection", "x")])
def test_wrong_arguments_are_refused(db: Any, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        crawl(*arguments)
