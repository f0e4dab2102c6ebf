"""What a contract promises of fields, kept as a declared schema of the port."""

from catalog.contracts import odcs
from catalog.contracts.results import Session
from catalog.products import services as products
from catalog.products.models import OutputPort
from catalog.schemas.fingerprint import fingerprint
from catalog.schemas.models import Field, SchemaVersion
from catalog.schemas.shape import FieldShape, parent_of


def declare_schema(session: Session, port: OutputPort, contract: odcs.Contract) -> None:
    """Make the contract's fields the declared schema of `port`; an equal one stays as it is."""
    fields = contract.fields_for(port.name)
    if not fields:
        return
    mark = fingerprint(fields)
    before = port.declared_schema
    if before is not None and before.fingerprint == mark:
        return
    schema = SchemaVersion.objects.create(
        origin=SchemaVersion.Origin.DECLARED,
        number=before.number + 1 if before else 1,
        fingerprint=mark,
        seen_at=session.now,
        field_count=len(fields),
    )
    Field.objects.bulk_create(
        (_row(schema, shape, place) for place, shape in enumerate(fields)), batch_size=1000
    )
    products.edit_port(
        actor=session.actor, port=port, declared_schema=schema, reason=f"Imported from {session.path}"[:100]
    )
    port.refresh_from_db()


def _row(schema: SchemaVersion, shape: FieldShape, place: int) -> Field:
    return Field(
        schema=schema,
        path=shape.path[:500],
        name=shape.name[:300],
        parent_path=parent_of(shape.path)[:500],
        ordinal=place,
        logical_type=shape.logical_type,
        physical_type=shape.physical_type,
        is_nullable=shape.is_nullable,
        key_position=shape.key_position,
        is_unique=shape.is_unique,
        references=shape.references,
        comment=shape.comment,
        classification=shape.classification,
    )
