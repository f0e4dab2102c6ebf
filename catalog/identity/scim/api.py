"""SCIM over HTTP: `/scim/v2/Users`, `/Groups` and what describes them. A token with the scope `scim` opens it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from catalog.accounts.authentication import TokenAuthentication
from catalog.accounts.models import ApiToken, User
from catalog.identity.models import ProvisionedGroup, ProvisionedPerson
from catalog.identity.scim import descriptions
from catalog.identity.scim.documents import LIST, group_resource, person_resource, tag_of
from catalog.identity.scim.errors import ScimError, bad_value, not_there
from catalog.identity.scim.filters import Comparison, Filter, fits, parse
from catalog.identity.scim.patch import operations_of, patched
from catalog.identity.scim.wire import ScimRenderer, ScimScope, as_scim_error
from catalog.identity.services import provisioning


class ScimView(APIView):
    """What every address shares. The schema of the REST API does not list them: the standard describes them."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [ScimScope]
    renderer_classes = [ScimRenderer, JSONRenderer]
    schema = None

    def get_parsers(self) -> list[Any]:
        """The portal's own reader of JSON, under both names JSON has here."""
        reader: Any = api_settings.DEFAULT_PARSER_CLASSES[0]
        plain, named = (reader() for _ in range(2))
        named.media_type = ScimRenderer.media_type
        return [named, plain]

    def handle_exception(self, exc: Exception) -> Response:
        error = as_scim_error(exc)
        if error is None:
            return super().handle_exception(exc)
        answer = Response(error.as_dict(), status=error.status)
        if isinstance(exc, exceptions.APIException) and error.status == 401:
            answer["WWW-Authenticate"] = self.get_authenticate_header(self.request) or ""
        answer.exception = True
        return answer

    def base(self) -> str:
        path = "/scim/v2"
        return settings.PUBLIC_URL + path if settings.PUBLIC_URL else self.request.build_absolute_uri(path)

    def by(self) -> str:
        token = self.request.auth
        return str(token) if isinstance(token, ApiToken) else ""

    def listed(
        self,
        rows: QuerySet[Any],
        shown: Callable[[Any], dict[str, Any]],
        quick: Callable[[Filter], QuerySet[Any] | None],
    ) -> Response:
        """`filter`, `startIndex` (from 1), `count`. A filter the database cannot answer is asked of each resource."""
        start, count = _number(self.request, "startIndex", 1), _number(self.request, "count", 100)
        count = min(count, descriptions.MOST_RESULTS)
        first = max(start, 1) - 1
        if text := self.request.query_params.get("filter"):
            condition = parse(text)
            answered = quick(condition)
            if answered is None:
                found = [told for item in rows if fits(condition, told := shown(item))]
                return self.page(found[first : first + count], len(found), first)
            rows = answered
        return self.page([shown(item) for item in rows[first : first + count]], rows.count(), first)

    def page(self, resources: list[dict[str, Any]], total: int, first: int = 0) -> Response:
        return Response(
            {
                "schemas": [LIST],
                "totalResults": total,
                "startIndex": first + 1,
                "itemsPerPage": len(resources),
                "Resources": [self.chosen(item) for item in resources],
            }
        )

    def chosen(self, resource: dict[str, Any]) -> dict[str, Any]:
        """`attributes` and `excludedAttributes`, by first names; id and schemas always stay."""
        only, out = (_names(self.request, key) for key in ("attributes", "excludedAttributes"))
        return {
            key: value
            for key, value in resource.items()
            if key in ("id", "schemas") or ((not only or key.lower() in only) and key.lower() not in out)
        }

    def one(
        self, resource: dict[str, Any], item: ProvisionedPerson | ProvisionedGroup, status: int = 200
    ) -> Response:
        answer = Response(self.chosen(resource), status=status)
        answer["ETag"] = tag_of(item)
        if status == 201:
            answer["Location"] = resource["meta"]["location"]
        return answer

    def check_tag(self, item: ProvisionedPerson | ProvisionedGroup) -> None:
        wanted = self.request.headers.get("If-Match")
        if wanted and wanted != "*" and tag_of(item) not in [tag.strip() for tag in wanted.split(",")]:
            raise ScimError(412, "It was changed since it was read.")


def _number(request: Request, name: str, default: int) -> int:
    raw = request.query_params.get(name, str(default)).strip()
    if not raw.lstrip("-").isdigit() or not raw.isascii() or len(raw) > 9:
        raise bad_value(f"{name} must be a whole number.")
    return max(int(raw), 0)


def _names(request: Request, key: str) -> set[str]:
    raw = request.query_params.get(key, "")
    return {
        name.strip().rpartition(":")[2].partition(".")[0].lower() for name in raw.split(",") if name.strip()
    }


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1


class People(ScimView):
    """The people the provider keeps. Accounts made in the portal itself are not among them."""

    def rows(self) -> QuerySet[ProvisionedPerson]:
        rows = ProvisionedPerson.objects.filter(removed_at=None).select_related("user").order_by("pk")
        return rows.prefetch_related("user__provisioned_groups")

    def shown(self, person: ProvisionedPerson) -> dict[str, Any]:
        return person_resource(person, self.base())

    def quick(self, condition: Filter) -> QuerySet[ProvisionedPerson] | None:
        if (
            not isinstance(condition, Comparison)
            or condition.sign != "eq"
            or not isinstance(condition.value, str)
        ):
            return None
        fields: dict[tuple[str, ...], dict[str, Any]] = {
            ("username",): {"user_name": condition.value.strip().casefold()},
            ("externalid",): {"external_id": condition.value},
            ("id",): {"pk": _id(condition.value)},
        }
        wanted = fields.get(condition.path)
        return self.rows().filter(**wanted) if wanted else None

    def get(self, request: Request) -> Response:
        return self.listed(self.rows(), self.shown, self.quick)

    def post(self, request: Request) -> Response:
        person = provisioning.provision_person(body=request.data, by=self.by())
        return self.one(self.shown(self.rows().get(pk=person.pk)), person, 201)


class Person(People):
    """One of them."""

    def found(self, pk: str) -> ProvisionedPerson:
        person = self.rows().filter(pk=_id(pk)).first()
        if person is None:
            raise not_there("User", pk)
        return person

    def get(self, request: Request, pk: str) -> Response:  # type: ignore[override]  # one, where the base has many
        person = self.found(pk)
        return self.one(self.shown(person), person)

    def put(self, request: Request, pk: str) -> Response:
        return self.changed(self.found(pk), request.data)

    def patch(self, request: Request, pk: str) -> Response:
        person = self.found(pk)
        document = {**person.document, "active": person.user.is_active}
        return self.changed(person, patched(document, operations_of(request.data)))

    def delete(self, request: Request, pk: str) -> Response:
        person = self.found(pk)
        self.check_tag(person)
        provisioning.remove_person(person=person, by=self.by())
        return Response(status=204)

    def changed(self, person: ProvisionedPerson, body: Any) -> Response:
        self.check_tag(person)
        provisioning.change_person(person=person, body=body, by=self.by())
        fresh = self.found(str(person.pk))
        return self.one(self.shown(fresh), fresh)


class Groups(ScimView):
    """The groups the provider keeps; rules in the portal say which roles follow them."""

    def rows(self) -> QuerySet[ProvisionedGroup]:
        people = User.objects.select_related("provisioned").order_by("pk")
        return ProvisionedGroup.objects.order_by("pk").prefetch_related(Prefetch("members", people))

    def shown(self, group: ProvisionedGroup) -> dict[str, Any]:
        return group_resource(
            group, self.base(), members="members" not in _names(self.request, "excludedAttributes")
        )

    def quick(self, condition: Filter) -> QuerySet[ProvisionedGroup] | None:
        if (
            not isinstance(condition, Comparison)
            or condition.sign != "eq"
            or not isinstance(condition.value, str)
        ):
            return None
        fields: dict[tuple[str, ...], dict[str, Any]] = {
            ("displayname",): {"name__iexact": condition.value},
            ("externalid",): {"external_id": condition.value},
            ("id",): {"pk": _id(condition.value)},
        }
        wanted = fields.get(condition.path)
        return self.rows().filter(**wanted) if wanted else None

    def get(self, request: Request) -> Response:
        return self.listed(self.rows(), self.shown, self.quick)

    def post(self, request: Request) -> Response:
        group = self.written(None, request.data)
        return self.one(self.shown(self.rows().get(pk=group.pk)), group, 201)

    def written(self, group: ProvisionedGroup | None, body: Any) -> ProvisionedGroup:
        if not isinstance(body, dict):
            raise ScimError(400, "Send one JSON object.", "invalidSyntax")
        told = {key.lower(): value for key, value in body.items()}
        members = told.get("members", [] if group is None else None)
        return provisioning.write_group(
            group=group,
            name=told.get("displayname"),
            external_id=told.get("externalid"),
            members=None if members is None else _member_ids(members),
            by=self.by(),
        )


def _member_ids(members: Any) -> set[int]:
    if not isinstance(members, list) or not all(isinstance(item, dict) for item in members):
        raise bad_value("members must be a list of objects with value.")
    return {_id(str(item.get("value", ""))) for item in members}


class Group(Groups):
    """One of them."""

    def found(self, pk: str) -> ProvisionedGroup:
        group = self.rows().filter(pk=_id(pk)).first()
        if group is None:
            raise not_there("Group", pk)
        return group

    def get(self, request: Request, pk: str) -> Response:  # type: ignore[override]  # one, where the base has many
        group = self.found(pk)
        return self.one(self.shown(group), group)

    def put(self, request: Request, pk: str) -> Response:
        body = {"members": [], **request.data} if isinstance(request.data, dict) else request.data
        return self.changed(self.found(pk), body)

    def patch(self, request: Request, pk: str) -> Response:
        group = self.found(pk)
        document = group_resource(group, "")
        return self.changed(group, patched(document, operations_of(request.data)))

    def delete(self, request: Request, pk: str) -> Response:
        group = self.found(pk)
        self.check_tag(group)
        provisioning.remove_group(group=group, by=self.by())
        return Response(status=204)

    def changed(self, group: ProvisionedGroup, body: Any) -> Response:
        self.check_tag(group)
        self.written(group, body)
        fresh = self.found(str(group.pk))
        return self.one(self.shown(fresh), fresh)


class Abilities(ScimView):
    """What this SCIM can do."""

    def get(self, request: Request) -> Response:
        return Response(descriptions.abilities())


class ResourceTypes(ScimView):
    """The kinds of resources, or one."""

    def get(self, request: Request, name: str = "") -> Response:
        return _described(self, descriptions.resource_types(self.base()), name)


class Schemas(ScimView):
    """The attributes of each kind, or of one."""

    def get(self, request: Request, name: str = "") -> Response:
        return _described(self, descriptions.schemas(self.base()), name)


def _described(view: ScimView, found: list[dict[str, Any]], name: str) -> Response:
    if not name:
        return view.page(found, len(found))
    one = next((item for item in found if item["id"] == name), None)
    if one is None:
        raise not_there("description", name)
    return Response(one)
