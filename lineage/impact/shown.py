"""What an answer shows of a product or column that is reached: as much as rows, exports and the API tell. Pure."""

from dataclasses import dataclass

from catalog.common.addresses import address
from catalog.trust.marks import Mark

UNNAMED = "something you may not see"


@dataclass(frozen=True, slots=True)
class Step:
    """A node of a path; without a name where the reader may not see it (or several of those in a row)."""

    name: str = UNNAMED
    url: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A domain or a team."""

    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Product:
    """The product a row stands for, or its column belongs to."""

    pk: int
    name: str
    slug: str
    lifecycle: str
    domain: Named
    team: Named | None

    @property
    def key(self) -> str:
        return f"{self.domain.slug}/{self.slug}"

    @property
    def url(self) -> str:
        return address("products:detail", self.domain.slug, self.slug)


@dataclass(frozen=True, slots=True)
class Port:
    """The port a product is read by, or that offers a column."""

    pk: int
    name: str
    version: str
    product: Product

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def where(self) -> str:
        """What follows the kind in the names of the port and of its columns."""
        return f"{self.product.key}/{self.name}/{self.version}"

    @property
    def url(self) -> str:
        product = self.product
        return address("products:port", product.domain.slug, product.slug, self.name, self.version)


@dataclass(frozen=True, slots=True)
class Row:
    """One product (or column) that is reached.

    `port` is what it is read by, or, of a column, what offers it; None where that is not to be seen. `agreements` hang
    on its ports (of a column: on that port); `criticality` is the worst of what it promises, "" for nothing; `way` one
    shortest path, both ends included."""

    depth: int
    product: Product
    port: Port | None
    path: str
    is_direct: bool | None
    agreements: int
    criticality: str
    slo: Mark
    way: tuple[Step, ...]

    @property
    def key(self) -> str:
        """As `lineage.impact.finding.find_node` reads it."""
        if self.path and self.port:
            return f"column:{self.port.where}/{self.path}"
        return f"product:{self.product.key}"

    @property
    def port_key(self) -> str | None:
        return f"port:{self.port.where}" if self.port else None

    @property
    def url(self) -> str:
        return self.port.url if self.path and self.port else self.product.url

    @property
    def slo_state(self) -> str:
        """As the filter names it."""
        return self.slo.meaning if self.slo.is_judged else "none"

    @property
    def way_words(self) -> str:
        return " → ".join(step.name for step in self.way)
