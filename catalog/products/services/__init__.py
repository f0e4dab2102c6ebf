"""All writes to products, their ports and the people in charge."""

from catalog.products.services.bulk import BulkEdit, BulkRow, bulk_edit
from catalog.products.services.inputs import add_input_port, edit_input_port, remove_input_port
from catalog.products.services.people import set_people, set_stewards
from catalog.products.services.ports import create_port, delete_port, edit_port, new_port_version
from catalog.products.services.products import create_product, delete_draft, edit_product
from catalog.products.services.restore import restore_port, restore_product
from catalog.products.services.steps import (
    change_address,
    change_lifecycle,
    move_product,
    rename_product,
    standing_of,
)

__all__ = [
    "BulkEdit",
    "BulkRow",
    "add_input_port",
    "bulk_edit",
    "change_address",
    "change_lifecycle",
    "create_port",
    "create_product",
    "delete_draft",
    "delete_port",
    "edit_input_port",
    "edit_port",
    "edit_product",
    "move_product",
    "new_port_version",
    "remove_input_port",
    "rename_product",
    "restore_port",
    "restore_product",
    "set_people",
    "set_stewards",
    "standing_of",
]
