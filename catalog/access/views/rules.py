"""Rules of approval: to read for every member, to keep for those in charge of the place."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.access.forms import RuleForm, StageFormSet
from catalog.access.models import ApprovalRule
from catalog.access.seen import products_edited
from catalog.access.selectors import visible_rules
from catalog.access.services import rules
from catalog.access.services.rules import Place, StageSpec
from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.accounts.models import User
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, NotFound, PortalError, Problem
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.domains.models import Domain
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Classification, Purpose

MOST_CHOICES = 300
MESH = "mesh"
SORTS = {"name": "name", "domain": "domain__name", "product": "port__product__name"}
CSV_HEADER = ("id", "name", "kind_of_place", "place", "stages")


def rule_or_404(user: User, pk: int) -> ApprovalRule:
    found = visible_rules(user).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such rule, or you may not see it.")
    return found


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Every rule the reader may know of: what it is about, and through which stages a request goes; as CSV too."""
    person = caller(request)
    found = sorted_by(request, visible_rules(person), SORTS, "name")
    if request.GET.get("format") == "csv":
        return csv_response("rules.csv", CSV_HEADER, _csv_rows(found))
    page = page_of(request, found)
    context = {
        "page": page,
        "rows": [(rule, kernel.can(person, "rule.edit", rule)) for rule in page],
        "may_create": bool(_places(person)),
    }
    return render(request, "catalog/access/rules.html", context)


def _csv_rows(found: Any) -> Iterator[tuple[Any, ...]]:
    for rule in found.iterator(chunk_size=500):
        place = rule.place
        where = f"{place} of {place.product}" if isinstance(place, OutputPort) else str(place or "")
        kind = place._meta.verbose_name if place else "mesh"
        yield (
            rule.pk,
            rule.name,
            kind,
            where,
            "; ".join(f"{item.step}. {item.name}" for item in rule.stages.all()),
        )


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A rule for a place one is in charge of."""
    person = caller(request)
    places = _places(person)
    if not places:
        kernel.require(person, "rule.edit", ApprovalRule(), "You may not say who decides anywhere.")
    initial = {"place": request.GET.get("place", "")}
    form = RuleForm(request.POST if request.method == "POST" else None, initial=initial)
    form.fields["place"].choices = [(key, label) for key, (label, _) in places.items()]  # type: ignore[attr-defined]
    return _form_page(request, form, None, places)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rule; open requests keep the stages they were sent with."""
    person = caller(request)
    rule = rule_or_404(person, pk)
    if not kernel.can(person, "rule.edit", rule):
        return render(request, "catalog/access/rule.html", {"rule": rule})
    form = RuleForm(
        request.POST if request.method == "POST" else None,
        initial={"name": rule.name, "is_automatic": not rule.stages.all()},
    )
    del form.fields["place"]
    return _form_page(request, form, rule, {})


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a rule away: the next place above decides."""
    rule = rule_or_404(caller(request), pk)
    rules.delete_rule(actor=caller(request), rule=rule)
    messages.success(request, f"The rule {rule} is gone.")
    return redirect("access:rules")


def _form_page(
    request: HttpRequest, form: RuleForm, rule: ApprovalRule | None, places: dict[str, tuple[str, Place]]
) -> HttpResponse:
    person = caller(request)
    stages = StageFormSet(
        request.POST if request.method == "POST" else None, initial=_initial(rule), prefix="stages"
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid() and stages.is_valid():
            try:
                specs = _specs(person, stages.cleaned_data)
                if not specs and not form.cleaned_data["is_automatic"]:
                    words = "Name who decides, or say that nobody has to."
                    raise Invalid(words, problems=[Problem("is_automatic", "required", words)])
                if rule is None:
                    place = places[form.cleaned_data["place"]][1]
                    saved = rules.create_rule(
                        actor=person, name=form.cleaned_data["name"], place=place, stages=specs
                    )
                else:
                    saved = rules.edit_rule(
                        actor=person, rule=rule, name=form.cleaned_data["name"], stages=specs
                    )
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(
                    request, f"The rule {saved} is saved. It holds for requests sent from now on."
                )
                return redirect("access:rules")
    context = {"form": form, "stages": stages, "rule": rule}
    return render(request, "catalog/access/rule_form.html", context, status=status)


def _initial(rule: ApprovalRule | None) -> list[dict[str, Any]]:
    if rule is None:
        return []
    return [
        {
            "approvers": stage.approvers,
            "name": stage.name,
            "step": stage.step,
            "quorum": stage.quorum,
            "escalate_days": stage.escalate_days,
            "remind_days": stage.remind_days,
            "team": stage.team.slug if stage.team else None,
            "person": stage.person.username if stage.person else "",
        }
        for stage in rule.stages.all()
    ]


def _specs(person: User, rows: list[dict[str, Any]]) -> list[StageSpec]:
    specs = []
    for place, row in enumerate(rows):
        if not row.get("approvers"):
            continue
        named = None
        if row.get("person"):
            named = User.objects.visible_to(person).filter(username=row["person"]).first()
        specs.append(
            StageSpec(
                step=row["step"] or place + 1, name=row["name"], approvers=row["approvers"], team=row["team"],
                person=named, quorum=row["quorum"] or 1, escalate_days=row["escalate_days"] or 5,
                remind_days=2 if row["remind_days"] is None else row["remind_days"],
            )
        )  # fmt: skip
    return specs


def _places(user: User) -> dict[str, tuple[str, Place]]:
    """Where `user` may make a rule and none is yet: key -> (words, the place)."""
    taken = {(type(rule.place), getattr(rule.place, "pk", None)) for rule in visible_rules(user)}
    found: dict[str, tuple[str, Place]] = {}

    def offer(key: str, words: str, place: Place) -> None:
        rule = ApprovalRule(**rules.at(place))
        if (type(place), getattr(place, "pk", None)) not in taken and kernel.can(user, "rule.edit", rule):
            found[key] = (words, place)

    offer(MESH, "The whole mesh", None)
    for domain in Domain.objects.visible_to(user).order_by("name")[:MOST_CHOICES]:
        offer(f"domain:{domain.pk}", f"The domain {domain.name} and those below it", domain)
    for word in Classification.objects.visible_to(user):
        offer(f"classification:{word.pk}", f"Whatever is classified as {word.name}", word)
    for purpose in Purpose.objects.visible_to(user):
        offer(f"purpose:{purpose.pk}", f"The purpose {purpose.name}", purpose)
    ports = OutputPort.objects.filter(products_edited(user, "product__")).distinct()
    joined = ports.select_related("product__domain").prefetch_related("product__stewardships")
    for port in joined.order_by("product__name", "name", "-version")[:MOST_CHOICES]:
        offer(f"port:{port.pk}", f"The port {port} of {port.product}", port)
    return found
