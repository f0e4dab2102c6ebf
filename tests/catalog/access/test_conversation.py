"""The conversation about a request, when it is long."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.access.models import AccessComment
from catalog.products.models import OutputPort
from tests.catalog.access.asking import ask
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_a_long_conversation_is_read_in_pages_from_its_end(
    client: Client, cast: Cast, port: OutputPort
) -> None:
    request = ask(cast.consumer, port)
    AccessComment.objects.bulk_create(
        AccessComment(request=request, author=cast.owner, text=f"Line {number:03}.") for number in range(120)
    )
    client.force_login(cast.consumer)
    address = request.get_absolute_url()

    def lines(query: str = "") -> list[str]:
        text = client.get(address + query).content.decode()
        return [f"{number:03}" for number in range(121) if f"Line {number:03}." in text]

    assert lines() == [f"{number:03}" for number in range(100, 120)]
    assert (lines("?page=1")[0], lines("?page=1")[-1]) == ("000", "049")
    assert 'aria-label="Page 2"' in client.get(address).content.decode()
    assert client.post(f"{address}comment/", {"text": "Line 120."}).status_code == 302
    assert lines()[-1] == "120", "what one has said is in sight"
    with CaptureQueriesContext(connection) as long:
        client.get(address)
    AccessComment.objects.filter(text__gte="Line 002.").delete()
    assert 'aria-label="Page' not in client.get(address).content.decode()
    with CaptureQueriesContext(connection) as short:
        client.get(address)
    assert len(long) <= len(short) + 1
