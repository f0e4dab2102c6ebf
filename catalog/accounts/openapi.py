"""How the OpenAPI document describes tokens (drf-spectacular finds the class once this module is imported)."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """The two headers in which a token may be sent."""

    target_class = "catalog.accounts.authentication.TokenAuthentication"
    name = ["bearerToken", "apiKeyHeader"]
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer TOKEN"},
            {"type": "apiKey", "in": "header", "name": "x-api-key"},
        ]
