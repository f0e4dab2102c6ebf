"""Plain factories: every argument optional, every row valid by itself."""

from itertools import count
from typing import Any

from django.utils import timezone

from catalog.accounts.models import Membership, Role, Team, User
from catalog.assets.models import Asset
from catalog.connections.models import Connection
from catalog.domains.models import Domain
from catalog.products.models import DataProduct, InputPort, Lifecycle, OutputPort, Stewardship
from catalog.schemas.models import Field, SchemaVersion

_numbers = count(1)


def _plant(model: Any, parent: Any, fields: dict[str, Any]) -> Any:
    if parent:
        return model.objects.add_child(parent, create_kwargs=fields)
    return model.objects.add_root(create_kwargs=fields)


def make_user(username: str = "", **fields: Any) -> User:
    username = username or f"person{next(_numbers)}"
    return User.objects.create_user(username, fields.pop("password", None), name=username.title(), **fields)


def make_team(name: str = "", parent: Team | None = None, **fields: Any) -> Team:
    name = name or f"Team {next(_numbers)}"
    fields.setdefault("slug", name.lower().replace(" ", "-"))
    fields["name"] = name
    return _plant(Team, parent, fields)


def make_membership(user: User, role: Role, team: Team | None = None) -> Membership:
    return Membership.objects.create(user=user, role=role, team=team)


def make_domain(name: str = "", parent: Domain | None = None, **fields: Any) -> Domain:
    name = name or f"Domain {next(_numbers)}"
    fields.setdefault("slug", name.lower().replace(" ", "-"))
    fields.setdefault("team", None)
    fields["team"] = fields["team"] or make_team()
    fields["name"] = name
    return _plant(Domain, parent, fields)


def make_product(name: str = "", **fields: Any) -> DataProduct:
    """An active product everybody in the mesh may see."""
    name = name or f"Product {next(_numbers)}"
    fields.setdefault("slug", name.lower().replace(" ", "-"))
    if "domain" not in fields:
        fields["domain"] = make_domain()
    if "team" not in fields:
        fields["team"] = fields["domain"].team
    fields.setdefault("lifecycle", Lifecycle.ACTIVE)
    return DataProduct.objects.create(name=name, **fields)


def make_stewardship(product: DataProduct, user: User, role: str = "steward") -> Stewardship:
    return Stewardship.objects.create(product=product, user=user, role=role)


def make_port(product: DataProduct | None = None, name: str = "", **fields: Any) -> OutputPort:
    return OutputPort.objects.create(
        product=product or make_product(), name=name or f"port-{next(_numbers)}", **fields
    )


def make_input_port(product: DataProduct, upstream: OutputPort, **fields: Any) -> InputPort:
    fields.setdefault("name", f"{upstream.product.slug}-{upstream.name}")
    return InputPort.objects.create(product=product, upstream_port=upstream, **fields)


def make_connection(name: str = "", **fields: Any) -> Connection:
    name = name or f"Store {next(_numbers)}"
    fields.setdefault("slug", name.lower().replace(" ", "-"))
    fields.setdefault("kind", "sqlite")
    if "team" not in fields:
        fields["team"] = make_team()
    return Connection.objects.create(name=name, **fields)


def make_asset(connection: Connection | None = None, name: str = "", **fields: Any) -> Asset:
    now = timezone.now()
    fields.setdefault("namespace", f"sqlite://store{next(_numbers)}")
    fields.setdefault("first_seen_at", now)
    fields.setdefault("last_seen_at", now)
    return Asset.objects.create(
        connection=connection or make_connection(), name=name or f"table{next(_numbers)}", **fields
    )


def make_schema(asset: Asset | None, columns: dict[str, str], **fields: Any) -> SchemaVersion:
    """A schema version with `columns` (path -> logical type); observed when an asset is given."""
    schema = SchemaVersion.objects.create(
        asset=asset,
        origin="observed" if asset else "declared",
        fingerprint=fields.pop("fingerprint", f"{next(_numbers):064d}"),
        seen_at=timezone.now(),
        field_count=len(columns),
        **fields,
    )
    Field.objects.bulk_create(
        Field(schema=schema, path=path, name=path.rsplit(".", 1)[-1], ordinal=place, logical_type=kind)
        for place, (path, kind) in enumerate(columns.items())
    )
    return schema
