"""Output and input ports in the REST API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.accounts import kernel
from catalog.common.errors import NotFound
from catalog.connections.models import Connection
from catalog.products import services
from catalog.products.api import ProductViews
from catalog.products.inputs import InputPortInput, OutputPortInput
from catalog.products.models import DataProduct, InputPort, OutputPort
from catalog.products.serializers import InputPortSerializer
from catalog.trust.serializers import PortWithTrust as OutputPortSerializer


class PortViews(ProductViews):
    """What addresses below …/ports/ share."""

    serializer_class = OutputPortSerializer

    def find_port(self) -> OutputPort:
        ports = self.find().output_ports.select_related("product__domain", "connection", "trust")
        port = ports.filter(name=self.kwargs["name"], version=self.kwargs["version"]).first()
        if port is None:
            raise NotFound("The product has no such port.", remedy="Its ports are listed under …/ports/.")
        self.tag(port)
        return port

    def get_serializer_context(self) -> dict[str, Any]:
        shown = set(Connection.objects.visible_to(self.caller).values_list("pk", flat=True))
        return {**super().get_serializer_context(), "visible_connections": shown}

    def answer_port(self, port: OutputPort, code: int = status.HTTP_200_OK) -> Response:
        fresh = OutputPort.objects.select_related("product__domain", "connection", "trust").get(pk=port.pk)
        self.tag(fresh)
        return Response(OutputPortSerializer(fresh, context=self.get_serializer_context()).data, status=code)


class PortList(PortViews):
    """The output ports of a product."""

    @extend_schema(operation_id="ports_list", responses=OutputPortSerializer(many=True))
    def get(self, request: Request, domain: str, slug: str) -> Response:
        ports = self.find().output_ports.select_related("product__domain", "connection", "trust")
        self._tagged = None
        page = self.paginate_queryset(ports.order_by("name", "-version", "pk"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="ports_create", request=OutputPortInput, responses={201: OutputPortSerializer}
    )
    def post(self, request: Request, domain: str, slug: str) -> Response:
        port = services.create_port(actor=self.caller, product=self.find(), **self.read(OutputPortInput))
        return self.answer_port(port, status.HTTP_201_CREATED)

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"} if self.request.method == "GET" else set()


class PortItem(PortViews):
    """One output port, by name and version."""

    @extend_schema(operation_id="ports_read", responses=OutputPortSerializer)
    def get(self, request: Request, domain: str, slug: str, name: str, version: str) -> Response:
        return self.answer_port(self.find_port())

    @extend_schema(operation_id="ports_edit", request=OutputPortInput, responses=OutputPortSerializer)
    def patch(self, request: Request, domain: str, slug: str, name: str, version: str) -> Response:
        """Change what is given. Needs If-Match."""
        port = self.find_port()
        kernel.require(self.caller, "product.edit", port.product)
        expected = self.expected_revision(port)
        fields = self.read(OutputPortInput, partial=True)
        return self.answer_port(
            services.edit_port(actor=self.caller, port=port, expected_revision=expected, **fields)
        )

    @extend_schema(operation_id="ports_delete", responses={204: None})
    def delete(self, request: Request, domain: str, slug: str, name: str, version: str) -> Response:
        """Delete a port of a product that never was published. Needs If-Match."""
        port = self.find_port()
        kernel.require(self.caller, "product.edit", port.product)
        self.expected_revision(port)
        services.delete_port(actor=self.caller, port=port)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InputPortViews(ProductViews):
    """What addresses below …/input-ports/ share."""

    serializer_class = InputPortSerializer

    def answer_inputs(self, ports: list[InputPort], *, many: bool = False, code: int = 200) -> Any:
        upstream = {port.upstream_port.product_id for port in ports if port.upstream_port}
        seen = (
            DataProduct.objects.visible_to(self.caller).filter(pk__in=upstream).values_list("pk", flat=True)
        )
        context = {**self.get_serializer_context(), "visible_products": set(seen)}
        self._tagged = None
        if many:
            return InputPortSerializer(ports, many=True, context=context).data
        return Response(InputPortSerializer(ports[0], context=context).data, status=code)

    def find_input(self) -> InputPort:
        ports = self.find().input_ports.select_related("product__domain", "upstream_port__product__domain")
        port = ports.filter(pk=self.kwargs["pk"]).first()
        if port is None:
            raise NotFound("The product has no such input port.")
        return port


class InputPortList(InputPortViews):
    """What the product declares to be made from."""

    @extend_schema(operation_id="input_ports_list", responses=InputPortSerializer(many=True))
    def get(self, request: Request, domain: str, slug: str) -> Response:
        ports = (
            self.find().input_ports.select_related("upstream_port__product__domain").order_by("name", "pk")
        )
        page = self.paginate_queryset(ports) or []
        return self.get_paginated_response(self.answer_inputs(page, many=True))

    @extend_schema(
        operation_id="input_ports_add", request=InputPortInput, responses={201: InputPortSerializer}
    )
    def post(self, request: Request, domain: str, slug: str) -> Response:
        port = services.add_input_port(actor=self.caller, product=self.find(), **self.read(InputPortInput))
        return self.answer_inputs([port], code=status.HTTP_201_CREATED)  # type: ignore[no-any-return]

    def allowed_parameters(self) -> set[str]:
        return {"page", "page_size"} if self.request.method == "GET" else set()


class InputPortItem(InputPortViews):
    """One input port."""

    @extend_schema(operation_id="input_ports_read", responses=InputPortSerializer)
    def get(self, request: Request, domain: str, slug: str, pk: int) -> Response:
        return self.answer_inputs([self.find_input()])  # type: ignore[no-any-return]

    @extend_schema(operation_id="input_ports_edit", request=InputPortInput, responses=InputPortSerializer)
    def patch(self, request: Request, domain: str, slug: str, pk: int) -> Response:
        fields = self.read(InputPortInput, partial=True)
        port = services.edit_input_port(actor=self.caller, input_port=self.find_input(), **fields)
        return self.answer_inputs([port])  # type: ignore[no-any-return]

    @extend_schema(operation_id="input_ports_remove", responses={204: None})
    def delete(self, request: Request, domain: str, slug: str, pk: int) -> Response:
        services.remove_input_port(actor=self.caller, input_port=self.find_input())
        return Response(status=status.HTTP_204_NO_CONTENT)
