"""Contract templates, drafts and the start of a port's contract in the REST API."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiRequest, extend_schema
from rest_framework import serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.api import DocumentParser, StrictParameters, YamlRenderer, document_of
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.common.serializers import StrictSerializer
from catalog.contracts.emit import to_yaml
from catalog.contracts.services import templates as services
from catalog.contracts.services.starting import drafted, start_contract
from catalog.contracts.templates import Template, all_templates, template_named
from catalog.products.port_api import PortViews


class TemplateSerializer(serializers.Serializer[Any]):
    """A template; `revision` 0 is a built-in one that nobody changed."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    text = serializers.CharField()
    is_offered = serializers.BooleanField()
    is_built_in = serializers.BooleanField()
    revision = serializers.IntegerField()


class TemplateFields(StrictSerializer):
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=1_000, required=False, allow_blank=True)
    text = serializers.CharField(max_length=100_000, trim_whitespace=False)
    is_offered = serializers.BooleanField(required=False)


class TemplateInput(TemplateFields):
    slug = serializers.SlugField(max_length=80)


class TemplateChange(TemplateFields):
    """`revision` is the one that was read; another one now gives 409."""

    revision = serializers.IntegerField(min_value=0)


class StartedShape(serializers.Serializer[Any]):
    contract = serializers.CharField()
    version = serializers.CharField()
    port = serializers.CharField()


class TemplateList(StrictParameters, APIView):
    """The templates contracts can be started from; so few that they come whole."""

    query_parameters = frozenset()

    @extend_schema(operation_id="contract_templates_list", responses=TemplateSerializer(many=True))
    def get(self, request: Request) -> Response:
        may_edit = kernel.can(caller(request), "contract_template.edit", None)
        shown = [item for item in all_templates() if item.is_offered or may_edit]
        return Response({"results": TemplateSerializer(shown, many=True).data})

    @extend_schema(
        operation_id="contract_templates_create", request=TemplateInput, responses={201: TemplateSerializer}
    )
    def post(self, request: Request) -> Response:
        """A new template. 409 when there is one of this slug."""
        kernel.require(caller(request), "contract_template.edit", None, services.DENIED)
        data = TemplateInput(data=request.data)
        data.is_valid(raise_exception=True)
        if template_named(data.validated_data["slug"]):
            raise Conflict("There is a template of this name already.", kept="Nothing was changed.")
        saved = services.save_template(actor=caller(request), **data.validated_data)
        return Response(TemplateSerializer(template_named(saved.slug)).data, status=status.HTTP_201_CREATED)


class TemplateDetail(StrictParameters, APIView):
    """One template."""

    query_parameters = frozenset()

    def find(self, slug: str) -> Template:
        found = template_named(slug)
        may_edit = kernel.can(caller(self.request), "contract_template.edit", None)
        if found is None or not (found.is_offered or may_edit):
            raise NotFound("There is no such template.")
        return found

    @extend_schema(operation_id="contract_templates_read", responses=TemplateSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(TemplateSerializer(self.find(slug)).data)

    @extend_schema(
        operation_id="contract_templates_replace", request=TemplateChange, responses=TemplateSerializer
    )
    def put(self, request: Request, slug: str) -> Response:
        """Change it; a built-in one keeps what was delivered underneath."""
        kernel.require(caller(request), "contract_template.edit", None, services.DENIED)
        self.find(slug)
        data = TemplateChange(data=request.data)
        data.is_valid(raise_exception=True)
        given = dict(data.validated_data)
        revision = given.pop("revision")
        services.save_template(actor=caller(request), slug=slug, expected_revision=revision, **given)
        return Response(TemplateSerializer(self.find(slug)).data)

    @extend_schema(operation_id="contract_templates_delete", responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Give it up; a built-in one is again as it was delivered."""
        kernel.require(caller(request), "contract_template.edit", None, services.DENIED)
        services.remove_template(actor=caller(request), slug=slug)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PortDraft(PortViews):
    """A contract drafted for a port."""

    renderer_classes = (YamlRenderer, JSONRenderer)

    def allowed_parameters(self) -> set[str]:
        return {"template"}

    @extend_schema(
        operation_id="ports_contract_draft",
        parameters=[OpenApiParameter("template", str, description="Slug of a template.")],
        responses={(200, "application/yaml"): OpenApiTypes.STR},
    )
    def get(self, request: Request, domain: str, slug: str, name: str, version: str) -> HttpResponse:
        """An ODCS document from what was observed of the port, on top of a template. Nothing is written."""
        port = self.find_port()
        self._tagged = None
        wanted = request.query_params.get("template", "")
        template = template_named(wanted) if wanted else None
        if wanted and template is None:
            problem = Problem("template", "choice", f"There is no template {wanted[:80]!r}.")
            raise Invalid("The parameter template is not valid.", problems=[problem])
        body = YamlRenderer().render(to_yaml(drafted(port, template)))
        return HttpResponse(body, content_type="application/yaml; charset=utf-8")


class PortContractStart(PortViews):
    """The contract of a port that has none yet."""

    parser_classes = (DocumentParser,)

    def allowed_parameters(self) -> set[str]:
        return set()

    @extend_schema(
        operation_id="ports_contract_start",
        request={
            "application/yaml": OpenApiRequest(OpenApiTypes.STR),
            "application/json": OpenApiRequest(OpenApiTypes.OBJECT),
        },
        responses={201: StartedShape},
    )
    def post(self, request: Request, domain: str, slug: str, name: str, version: str) -> Response:
        """Import the document in the body as a new contract and offer the port under it, or change nothing."""
        port = self.find_port()
        self._tagged = None
        made = start_contract(actor=caller(request), port=port, raw=document_of(request))
        key = f"{port.product.key}/{port.name}/{port.version}"
        answer = {"contract": made.contract.key, "version": made.version, "port": key}
        return Response(answer, status=status.HTTP_201_CREATED)
