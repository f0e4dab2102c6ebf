"""What is wrong with a SCIM request, in the shape of RFC 7644, 3.12."""

from typing import Any

SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """`kind` is the `scimType` where the standard has one (`invalidFilter`, `uniqueness`, …)."""

    def __init__(self, status: int, detail: str, kind: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"schemas": [SCHEMA], "status": str(self.status), "detail": self.detail}
        return told | ({"scimType": self.kind} if self.kind else {})


def no_path(path: str) -> ScimError:
    return ScimError(400, f"The path {path[:200]!r} cannot be understood.", "invalidPath")


def bad_value(detail: str) -> ScimError:
    return ScimError(400, detail, "invalidValue")


def not_there(kind: str, pk: str) -> ScimError:
    return ScimError(404, f"There is no {kind} {pk[:100]!r}.")
