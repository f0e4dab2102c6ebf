"""Names of lineage nodes in addresses and in the API: `product:listening/play-events`, `port:…/plays/1.0.0`."""

from dataclasses import dataclass

from catalog.accounts.models import User
from catalog.common.errors import Invalid, NotFound, Problem
from catalog.products.models import DataProduct, OutputPort


@dataclass(frozen=True, slots=True)
class Focus:
    """What a picture is about: a product, or one of its ports."""

    product: DataProduct
    port: OutputPort | None = None

    @property
    def key(self) -> str:
        return port_key(self.port, self.product) if self.port else product_key(self.product)

    @property
    def name(self) -> str:
        return f"{self.product.name}, port {self.port}" if self.port else self.product.name


def product_key(product: DataProduct) -> str:
    return f"product:{product.key}"


def port_key(port: OutputPort, product: DataProduct) -> str:
    return f"port:{product.key}/{port.name}/{port.version}"


def find_focus(user: User, key: str) -> Focus:
    """The node named by `key`, if `user` may see it.

    Raises Invalid when the key is no node's name at all, NotFound when there is no such node (or none to be seen).
    """
    kind, _, path = key.partition(":")
    parts = path.split("/")
    if (kind, len(parts)) not in {("product", 2), ("port", 4)} or not all(parts):
        problem = Problem(
            "node", "node-name", "Name a node as product:domain/slug or port:domain/slug/name/version."
        )
        raise Invalid("This is not the name of a lineage node.", problems=[problem])
    if kind == "port" and (focus := _port(user, parts)) is not None:
        return focus
    products = DataProduct.objects.visible_to(user).select_related("domain", "team")
    product = products.filter(domain__slug=parts[0], slug=parts[1]).first()
    if product is None:
        raise NotFound(
            "There is no such data product.", remedy="It may have been moved; search for its name."
        )
    if kind == "product":
        return Focus(product)
    port = product.output_ports.filter(name=parts[2], version=parts[3]).first()
    if port is None:
        raise NotFound(
            "The product has no such output port.", remedy="Look at the ports on the product's page."
        )
    return Focus(product, port)


def _port(user: User, parts: list[str]) -> Focus | None:
    """A port with its product, in one query; who is not answered is told by others what is missing."""
    domain, product, name, version = parts
    ports = OutputPort.objects.visible_to(user).select_related("product__domain", "product__team")
    named = ports.filter(product__domain__slug=domain, product__slug=product, name=name, version=version)
    port = named.order_by().first()
    return Focus(port.product, port) if port is not None else None
