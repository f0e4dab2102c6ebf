"""What a provider's SCIM client sends."""

import json
from typing import Any

from django.test import Client

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Scim:
    """A provider's client."""

    def __init__(self, secret: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        options = {} if body is None else {"data": json.dumps(body), "content_type": "application/scim+json"}
        return getattr(self.client, method)(f"/scim/v2{path}", headers={**self.headers, **headers}, **options)

    def make(self, user_name: str = "anna@example.org", **more: Any) -> dict[str, Any]:
        answer = self.ask("post", "/Users", {"schemas": [USER], "userName": user_name, **more})
        assert answer.status_code == 201, answer.content
        return answer.json()

    def patch(self, kind: str, pk: str, *operations: dict[str, Any]) -> Any:
        return self.ask("patch", f"/{kind}/{pk}", {"schemas": [PATCH], "Operations": list(operations)})
