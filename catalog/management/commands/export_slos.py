"""`manage.py export_slos [--product KEY]`: objectives as OpenSLO v1 documents on standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalog.slos.exchange import export_slos
from catalog.slos.models import ServiceLevelObjective


class Command(BaseCommand):
    help = "Print the objectives still promised as OpenSLO v1 documents (YAML)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--product", default="", help="only of this product, as domain/slug")

    def handle(self, *args: Any, **options: Any) -> None:
        slos = ServiceLevelObjective.objects.active().select_related("port__product__domain").order_by("pk")
        if options["product"]:
            domain, _, slug = options["product"].partition("/")
            slos = slos.filter(port__product__domain__slug=domain, port__product__slug=slug)
        self.stdout.write(export_slos(slos), ending="")
