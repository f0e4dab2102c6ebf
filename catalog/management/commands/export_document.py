"""`manage.py export_document contract|product ID [--version V] [--as odcs|odps] [--spec 3.1.0]`: a document as YAML."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.common.errors import PortalError
from catalog.contracts.export import Exported, export_contract, export_product, find_version
from catalog.contracts.models import DataContract, ProductDescriptor
from catalog.products.models import DataProduct


class Command(BaseCommand):
    help = (
        "Print a data contract (by its own id) or the descriptor of a data product (by its own id or domain/slug) as "
        "YAML: as it came, with exactly the edits made here. Exit status 1: there is no such document, or it cannot "
        "be written as asked."
    )

    def create_parser(self, *args: Any, **options: Any) -> Any:
        """`--version` is the document's here, so Django's own flag of that name gives way."""
        return super().create_parser(*args, **{**options, "conflict_handler": "resolve"})

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["contract", "product"])
        parser.add_argument("id", help="the document's own id; a product also as domain/slug")
        parser.add_argument("--version", dest="document_version", default="", help="as the document says it")
        parser.add_argument(
            "--as", dest="form", default="", choices=["odcs", "odps"], help="the standard to write"
        )
        parser.add_argument("--spec", default="", help="the version of the standard to write, such as 3.1.0")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            exported = self._export(options)
        except PortalError as error:
            details = [f"  {problem.path}: {problem.message}" for problem in error.problems]
            raise CommandError("\n".join([str(error), *details])) from error
        self.stdout.write(exported.text, ending="" if exported.text.endswith("\n") else "\n")

    def _export(self, options: dict[str, Any]) -> Exported:
        key, version, form, spec = (options[name] for name in ("id", "document_version", "form", "spec"))
        if options["what"] == "contract":
            contract = DataContract.objects.filter(key=key).first()
            if contract is None:
                raise CommandError(f"There is no contract {key}.")
            return export_contract(find_version(contract, version), form, spec)
        return export_product(_product(key), version, form, spec)


def _product(key: str) -> DataProduct:
    descriptor = (
        ProductDescriptor.objects.filter(key=key).exclude(product=None).select_related("product").first()
    )
    if descriptor is not None and descriptor.product is not None:
        return descriptor.product
    domain, _, slug = key.rpartition("/")
    product = DataProduct.objects.select_related("domain").filter(domain__slug=domain, slug=slug).first()
    if product is None:
        raise CommandError(f"There is no product {key}.")
    return product
