"""`manage.py export_slos [--product KEY] [--as odcs]`: objectives as OpenSLO v1 documents on standard output, or as the
`slaProperties` of a data contract."""

from argparse import ArgumentParser
from typing import Any

import yaml
from django.core.management.base import BaseCommand
from django.forms.models import model_to_dict

from catalog.contracts.sla import property_of
from catalog.slos.exchange import export_slos
from catalog.slos.models import ServiceLevelObjective


class Command(BaseCommand):
    help = "Print the objectives still promised as OpenSLO v1 documents, or as slaProperties of ODCS (YAML)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--product", default="", help="only of this product, as domain/slug")
        parser.add_argument("--as", choices=["openslo", "odcs"], default="openslo", dest="form")

    def handle(self, *args: Any, **options: Any) -> None:
        slos = ServiceLevelObjective.objects.active().select_related("port__product__domain").order_by("pk")
        if options["product"]:
            domain, _, slug = options["product"].partition("/")
            slos = slos.filter(port__product__domain__slug=domain, port__product__slug=slug)
        if options["form"] == "openslo":
            self.stdout.write(export_slos(slos), ending="")
            return
        said: dict[str, list[dict[str, Any] | None]] = {}
        for slo in slos:
            found = property_of(model_to_dict(slo))
            said.setdefault(f"{slo.port.product.key}/{slo.port.name}/{slo.port.version}", []).append(found)
        parts = [
            {"port": port, "slaProperties": [each for each in some if each]} for port, some in said.items()
        ]
        self.stdout.write(
            yaml.safe_dump_all(parts, sort_keys=False, allow_unicode=True, width=120), ending=""
        )
