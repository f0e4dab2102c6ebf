"""Signatures, held against AWS's own signer."""

from datetime import UTC, datetime
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from catalog.connections.connectors.sigv4 import Keys, encoded, query_of, signed_headers

NOW = datetime(2026, 11, 1, 12, 30, 5, tzinfo=UTC)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    key=text,
    parameters=st.dictionaries(text.filter(bool), text, max_size=5),
    token=st.sampled_from(["", "temporary+/="]),
    host=st.sampled_from(["bucket.s3.eu-central-1.amazonaws.com", "127.0.0.1:9000"]),
)
def test_signatures_are_those_of_aws(key: str, parameters: dict[str, str], token: str, host: str) -> None:
    path, query = "/bucket/" + encoded(key, "/"), query_of(list(parameters.items()))
    ours = signed_headers(
        Keys("AKIAFIXTURE", "a/secret+key", token),
        method="GET",
        host=host,
        path=path,
        query=query,
        region="eu-central-1",
        now=NOW,
        headers={"range": "bytes=0-9"},
    )
    request = AWSRequest("GET", f"https://{host}{path}" + (f"?{query}" if query else ""))
    signer = botocore.auth.S3SigV4Auth(
        Credentials("AKIAFIXTURE", "a/secret+key", token or None), "s3", "eu-central-1"
    )
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        signer.add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]
    assert urlsplit(request.url).query == query


def test_keys_are_not_shown() -> None:
    assert "secret" not in repr(Keys("access", "secret", "secret"))
