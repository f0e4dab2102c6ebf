"""What breaks if I change this: a proposed contract against the one in force, and whom it would reach."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.common.errors import Problem
from catalog.contracts.beside import version_beside
from catalog.contracts.changes import Difference
from catalog.contracts.column_effects import ColumnEffect, column_effects
from catalog.contracts.contract_promises import is_binding
from catalog.contracts.difference import difference, suggested_version, version_problem
from catalog.contracts.models import ContractVersion, DataContract, PortContract
from catalog.contracts.older_contracts import period
from catalog.contracts.parts import read_custom, text
from catalog.contracts.promise_values import days_of
from catalog.contracts.reading import converted, working_data
from catalog.contracts.services.importing import judge
from catalog.products import reach
from catalog.products.models import DataProduct, OutputPort


@dataclass(frozen=True, slots=True)
class Consumer:
    """A product the change reaches, as the caller may see it; `tell` are the names of those in charge of it."""

    product: DataProduct
    steps: int
    via: tuple[str, ...]
    tell: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the migration plan; `due_at` is empty where it is not bound to a day."""

    words: str
    due_at: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """A port that a breaking version leaves as it is: its successor runs beside it until the sunset."""

    port: OutputPort
    version: str  # of the port beside it
    sunset_at: dt.date  # the earliest

    def as_dict(self) -> dict[str, str]:
        key = f"{self.port.product.key}/{self.port.name}"
        return {
            "port": f"{key}/{self.port.version}",
            "beside": f"{key}/{self.version}",
            "sunset_at": self.sunset_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Check:
    """The answer. `problems` of the document itself come first: with an error among them nothing else is known.

    `hidden` counts products the caller may not see, None where the house rules keep even the number.
    """

    key: str
    version: str
    problems: tuple[Problem, ...]
    base: ContractVersion | None = None
    found: Difference = field(default_factory=lambda: Difference(()))
    version_problem: str = ""
    suggested_version: str = ""
    ports: tuple[OutputPort, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    hidden: int | None = 0
    others: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    notice_days: int = 0
    earliest_at: dt.date | None = None
    beside: tuple[Beside, ...] = ()
    plan: tuple[Step, ...] = ()
    columns: tuple[ColumnEffect, ...] = ()
    column_providers: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def is_clean(self) -> bool:
        """Whether it may be published at once: readable, nothing breaks, the version is right."""
        return not self.is_refused and not self.found.is_breaking and not self.version_problem

    @property
    def tell(self) -> tuple[str, ...]:
        """Everybody to be told, once."""
        return tuple(dict.fromkeys(name for consumer in self.consumers for name in consumer.tell))

    def as_dict(self) -> dict[str, Any]:
        """For machines; the shape of `POST /api/v1/contracts/check/`."""
        return {
            "contract": self.key,
            "version": self.version,
            "base_version": self.base.version if self.base else None,
            "ok": self.is_clean,
            "problems": [problem.as_dict() for problem in self.problems],
            **self.found.as_dict(),
            "version_problem": self.version_problem,
            "suggested_version": self.suggested_version,
            "ports": [f"{port.product.key}/{port.name}/{port.version}" for port in self.ports],
            "consumers": [
                {
                    "product": item.product.key,
                    "steps": item.steps,
                    "via": list(item.via),
                    "tell": list(item.tell),
                }
                for item in self.consumers
            ],
            "hidden_consumers": self.hidden,
            "other_consumers": list(self.others),
            "providers": list(self.providers),
            "tell": list(self.tell),
            "notice_days": self.notice_days,
            "earliest_at": self.earliest_at.isoformat() if self.earliest_at else None,
            "beside": [item.as_dict() for item in self.beside],
            "columns": [effect.as_dict() for effect in self.columns],
            "column_providers": list(self.column_providers),
            "plan": [
                {"step": step.words, "due_at": step.due_at.isoformat() if step.due_at else None}
                for step in self.plan
            ],
        }


def check_contract(user: User | None, raw: bytes, today: dt.date | None = None) -> Check:
    """Judge a proposed contract. `user` None is the portal itself and sees everything. Nothing is written."""
    reading = judge(raw)
    if reading.is_refused or not reading.identity.is_contract:
        problems = reading.problems or (
            Problem("$", "kind", "This is no data contract. Propose an ODCS document."),
        )
        errors = [problem for problem in problems if problem.severity == "error"]
        wrong = (
            () if errors else (Problem("$", "kind", "This is no data contract. Propose an ODCS document."),)
        )
        return Check("", "", (*wrong, *problems))
    data = converted(reading.data, reading.identity)
    key, version = text(data, "id"), text(data, "version")
    contract = _contracts(user).filter(key=key).first()
    base = contract.versions.first() if contract else None
    if contract is None or base is None:
        return Check(key, version, reading.problems, suggested_version=version or "1.0.0")
    before = working_data(bytes(base.original))
    found = difference(before, data)
    is_bound = is_binding(before)
    notice = notice_days(before)
    ports = _ports(contract)
    seen, hidden, answer = _consumers(user, contract, ports)
    shown = ports if user is None else _visible(user, ports)
    earliest = (today or timezone.localdate()) + dt.timedelta(
        days=notice if found.is_breaking and (answer.products or answer.others) else 0
    )
    beside = _beside(shown, version, earliest) if found.is_breaking else ()
    columns, known_by = column_effects(user, ports, before, found, counts=hidden is not None)
    return Check(
        key, version, reading.problems, base, found,
        version_problem=version_problem(base.version, version, found) if is_bound else "",
        suggested_version=suggested_version(base.version, found),
        ports=tuple(shown), consumers=seen, hidden=hidden,
        others=answer.others if hidden is not None else (), providers=answer.providers,
        notice_days=notice, earliest_at=earliest,
        beside=beside,
        plan=tuple(_plan(beside, found, earliest, bool(answer.products or answer.others))),
        columns=columns, column_providers=known_by,
    )  # fmt: skip


def notice_days(data: dict[str, Any]) -> int:
    """The notice period a contract promises, in days: `noticePeriod` among its service levels or custom properties
    (an ISO 8601 duration such as P3M, or `90d`); else MESHPORTAL_NOTICE_DAYS."""
    for level in data.get("slaProperties") or []:
        if isinstance(level, dict) and text(level, "property").lower() == "noticeperiod":
            days = days_of(level.get("value"), text(level, "unit") or "d")
            if days is not None:
                return days
    said = read_custom(data.get("customProperties")).get("noticePeriod")
    read = period(said)
    days = days_of(*read) if read else days_of(said, "d")
    return days if days is not None else settings.NOTICE_DAYS


def _contracts(user: User | None) -> QuerySet[DataContract]:
    known = DataContract.objects.select_related("product__domain", "product__team")
    return (
        known.all()
        if user is None
        else known.filter(pk__in=DataContract.objects.visible_to(user).values("pk"))
    )


def _ports(contract: DataContract) -> list[OutputPort]:
    """The ports offered under the contract."""
    joints = PortContract.objects.filter(contract_key=contract.key, version__contract=contract)
    found = OutputPort.objects.filter(contract_in_force__in=joints).select_related("product__domain")
    return list(found.order_by("product__name", "name", "version"))


def _visible(user: User, ports: list[OutputPort]) -> list[OutputPort]:
    ids = [port.pk for port in ports]
    seen = set(OutputPort.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    return [port for port in ports if port.pk in seen]


def _consumers(
    user: User | None, contract: DataContract, ports: list[OutputPort]
) -> tuple[tuple[Consumer, ...], int | None, reach.Reach]:
    answer = reach.downstream_of(*ports)
    ids = [item.product.pk for item in answer.products]
    visible = set(ids)
    if user is not None:
        visible = set(DataProduct.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    seen = tuple(
        Consumer(item.product, item.steps, item.via, _in_charge(item.product))
        for item in answer.products
        if item.product.pk in visible
    )
    counts = user is None or (
        contract.product is not None and kernel.can(user, "product.edit", contract.product)
    )
    hidden = len(ids) - len(seen)
    return seen, hidden if counts else None, answer


def _in_charge(product: DataProduct) -> tuple[str, ...]:
    people = [str(item.user) for item in product.stewardships.all()]
    return tuple(dict.fromkeys([*people, *([product.team.name] if product.team else [])]))


def _beside(ports: list[OutputPort], version: str, sunset_at: dt.date) -> tuple[Beside, ...]:
    return tuple(Beside(port, version_beside(port, version), port.sunset_at or sunset_at) for port in ports)


def _plan(ports: tuple[Beside, ...], found: Difference, earliest: dt.date, has_consumers: bool) -> list[Step]:
    """How to get there: a new version of each port beside the old one, which gets a sunset date."""
    if not found.is_breaking:
        return (
            [Step("Publish it: nobody who relies on the contract has to change anything.")]
            if found.changes
            else []
        )
    if not ports:
        return [Step("Publish it as a new major version: no port is offered under this contract yet.")]
    steps = [
        Step(
            f"Offer {item.port.name} {item.version} beside {item.port.name} {item.port.version}, "
            "under the new contract."
        )
        for item in ports
    ]
    if has_consumers:
        steps.append(Step("Tell the owners of the consumers and let them acknowledge the change."))
        steps.append(Step("Consumers move their input ports to the new version.", earliest))
    steps += [Step(f"Sunset of {item.port.name} {item.port.version}.", item.sunset_at) for item in ports]
    return steps
