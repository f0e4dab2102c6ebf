"""Rules of approval, the terms of ports, and who stands in for whom."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from catalog.access import terms
from catalog.access.delegations import Delegation
from catalog.access.models import (
    ApprovalRule,
    ApprovalStage,
    Approvers,
    PortTerms,
)
from catalog.access.provisioners import Ordered, plain_words, provisioner_of, provisioners
from catalog.access.services.carrying import carry_over
from catalog.accounts import kernel
from catalog.accounts.models import Team, User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.crypto import encrypt
from catalog.common.errors import Conflict, Invalid, NotAllowed, Problem
from catalog.common.validation import clean, invalid
from catalog.domains.models import Domain
from catalog.products.models import OutputPort
from catalog.vocabulary.models import Classification, Purpose

TERMS = (
    "longest_days", "notice_days", "release_notice_days", "modes", "may_choose_columns", "provisioner", "instructions",
    "hook_url", "known_readers",
)  # fmt: skip
MOST_STAGES = 10
MOST_MODES = 50
MOST_KNOWN = 200  # readers that need no agreement
SHORTEST_SECRET, LONGEST_SECRET = 24, 200
Place = OutputPort | Domain | Classification | Purpose | None


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One stage as it is given; stages of the same `step` are open side by side."""

    step: int
    name: str
    approvers: str
    team: Team | None = None
    person: User | None = None
    quorum: int = 1
    escalate_days: int = 5
    remind_days: int = 2


@transaction.atomic
def create_rule(*, actor: User | None, name: str, place: Place, stages: Sequence[StageSpec]) -> ApprovalRule:
    """A rule for a port, a domain and those below it, a classification, a purpose, or (None) the whole mesh.

    Without stages requests are approved by themselves. Raises NotAllowed, Invalid, Conflict where there is one.
    """
    rule = ApprovalRule(name=" ".join(name.split()), **at(place))
    kernel.require(actor, "rule.edit", rule, "You may not say who decides there.")
    if ApprovalRule.objects.filter(**at(place)).exists():
        raise Conflict(
            f"There is a rule for {place or 'the whole mesh'} already.",
            kept="Nothing was saved.",
            remedy="Edit that one.",
        )
    clean(rule)
    rule.save()
    _write_stages(rule, stages)
    audit.record(actor=actor, verb="rule.created", obj=rule, detail={"stages": _told(rule)})
    return rule


@transaction.atomic
def edit_rule(
    *,
    actor: User | None,
    rule: ApprovalRule,
    name: str,
    stages: Sequence[StageSpec],
    expected_revision: int | None = None,
) -> ApprovalRule:
    """Change a rule. Requests that are open keep the stages they were submitted with."""
    kernel.require(actor, "rule.edit", rule, "You may not say who decides there.")
    fresh = ApprovalRule.objects.select_related("port__product__domain", "domain").get(pk=rule.pk)
    before = {"name": fresh.name, "stages": _told(fresh)}
    bump_revision(fresh, expected_revision)
    fresh.name = " ".join(name.split())
    clean(fresh)
    fresh.save()
    fresh.stages.all().delete()
    _write_stages(fresh, stages)
    changes = difference(before, {"name": fresh.name, "stages": _told(fresh)})
    audit.record(actor=actor, verb="rule.edited", obj=fresh, changes=changes)
    return fresh


@transaction.atomic
def delete_rule(*, actor: User | None, rule: ApprovalRule) -> None:
    """Take a rule away: what it was about is decided by the next place above. Open requests keep their stages."""
    kernel.require(actor, "rule.edit", rule, "You may not say who decides there.")
    audit.record(actor=actor, verb="rule.deleted", obj=rule, detail={"stages": _told(rule)})
    rule.delete()


class TermsFields(TypedDict, total=False):
    longest_days: int | None
    notice_days: int
    release_notice_days: int
    modes: list[str]
    may_choose_columns: bool
    provisioner: str
    instructions: str
    hook_url: str
    hook_secret: str
    known_readers: list[str]


@transaction.atomic
def set_terms(
    *, actor: User | None, port: OutputPort, now: dt.datetime | None = None, **fields: Unpack[TermsFields]
) -> PortTerms:
    """What a port offers those who ask. Agreements that stand keep what was agreed; another provisioner brings them
    into its store. Raises NotAllowed, Invalid (also while nobody would remove what may be in the store any more).

    `hook_secret` is only ever written: "" keeps what there is, unless the address changes, which drops it, so that a
    key never signs for a system it was not made for.
    """
    kernel.require(actor, "access.edit_terms", port, "You may not say how access to this port is given.")
    held = terms.terms_of(port)
    before, granted_by = snapshot(held, TERMS) if held.pk else {}, provisioner_of(held)
    new_secret = fields.pop("hook_secret", "")
    for name, value in fields.items():
        setattr(held, name, value)
    _keep_secret(held, new_secret, str(before.get("hook_url") or ""))
    held.modes = _listed(held.modes, 100)
    held.known_readers = _listed(held.known_readers, 200)
    if held.provisioner not in provisioners():
        raise invalid([Problem("provisioner", "choice", f"Use one of {', '.join(provisioners())}.")])
    kinds = provisioners()[held.provisioner].kinds
    if kinds and (port.connection is None or port.connection.kind not in kinds):
        words = f"This works with ports in {', '.join(kinds)} connections only."
        raise invalid([Problem("provisioner", "kind", words)])
    _check_hook(held)
    if held.modes and (plain := plain_words(held)):
        raise invalid([Problem("modes", "no_difference", f"Modes would make no difference. {plain}")])
    if len(held.modes) > MOST_MODES:
        raise invalid([Problem("modes", "too_many", f"Name at most {MOST_MODES} modes.")])
    if len(held.known_readers) > MOST_KNOWN:
        raise invalid([Problem("known_readers", "too_many", f"Name at most {MOST_KNOWN} readers.")])
    clean(held, exclude=["port"])
    if held.pk:
        held.revision += 1
    held.save()
    if provisioner_of(held) is not granted_by:
        after, now = provisioner_of(held), now or timezone.now()
        carry_over(actor=actor, port=port, before=granted_by, after=after, now=now)
    changes = difference(before, snapshot(held, TERMS))
    if changes:
        audit.record(
            actor=actor, verb="access_terms.set", obj=held, product_id=port.product_id, changes=changes
        )
    return held


def _listed(items: Sequence[str], longest: int) -> list[str]:
    """Without blanks at the ends, empty ones and repetitions."""
    return list(dict.fromkeys(" ".join(str(item).split())[:longest] for item in items if str(item).strip()))


def _keep_secret(held: PortTerms, given: str, url_before: str) -> None:
    if given and not SHORTEST_SECRET <= len(given) <= LONGEST_SECRET:
        words = f"Use {SHORTEST_SECRET} to {LONGEST_SECRET} characters that nobody can guess."
        raise invalid([Problem("hook_secret", "length", words)])
    held.hook_url = held.hook_url.strip()
    if given:
        held.secret = encrypt({"secret": given})
    elif held.hook_url != url_before:
        held.secret = ""


def _check_hook(held: PortTerms) -> None:
    if held.hook_url and urlsplit(held.hook_url).scheme not in ("http", "https"):
        raise invalid([Problem("hook_url", "url", "Use an address that begins with https:// or http://.")])
    if not isinstance(provisioners()[held.provisioner], Ordered):
        return
    if not held.hook_url:
        raise invalid([Problem("hook_url", "required", "Give the address that is told.")])
    if not held.secret:
        words = "Give the key for signatures. It is kept encrypted and never shown again."
        raise invalid([Problem("hook_secret", "required", words)])


@transaction.atomic
def delegate(*, actor: User, delegate: User, starts_on: dt.date, ends_on: dt.date) -> Delegation:
    """Let somebody decide in one's place for a while. They may not decide what they ask for or get themselves."""
    if not delegate.is_active or delegate.pk == actor.pk:
        raise invalid([Problem("delegate", "choice", "Name an active colleague.")])
    if ends_on < starts_on or ends_on < timezone.now().date():
        raise invalid(
            [Problem("ends_on", "range", "The last day cannot be before the first, nor in the past.")]
        )
    made = Delegation(user=actor, delegate=delegate, starts_on=starts_on, ends_on=ends_on)
    clean(made)
    made.save()
    audit.record(actor=actor, verb="delegation.made", obj=made, detail={"until": ends_on.isoformat()})
    return made


@transaction.atomic
def end_delegation(*, actor: User, delegation: Delegation) -> None:
    """Back again: decide by oneself. Raises NotAllowed for somebody else's."""
    if delegation.user_id != actor.pk:
        raise NotAllowed("This is somebody else's delegation.", kept="Nothing was changed.")
    audit.record(actor=actor, verb="delegation.ended", obj=delegation)
    delegation.delete()


def at(place: Place) -> dict[str, Any]:
    """The fields of a rule that say what it is about."""
    found: dict[str, Any] = {"port": None, "domain": None, "classification": None, "purpose": None}
    kinds = {OutputPort: "port", Domain: "domain", Classification: "classification", Purpose: "purpose"}
    if place is not None:
        found[kinds[type(place)]] = place
    return found


def _write_stages(rule: ApprovalRule, stages: Sequence[StageSpec]) -> None:
    if len(stages) > MOST_STAGES:
        raise Invalid(
            f"A rule has at most {MOST_STAGES} stages.",
            problems=[Problem("stages", "too_many", f"Use at most {MOST_STAGES} stages.")],
        )
    for place, spec in enumerate(stages):
        stage = ApprovalStage(
            rule=rule,
            step=spec.step,
            name=" ".join(spec.name.split()) or Approvers(spec.approvers).label[:100],
            approvers=spec.approvers,
            team=spec.team if spec.approvers == Approvers.TEAM else None,
            person=spec.person if spec.approvers == Approvers.PERSON else None,
            quorum=spec.quorum,
            escalate_days=spec.escalate_days,
            remind_days=spec.remind_days,
        )
        if spec.approvers == Approvers.TEAM and spec.team is None:
            raise invalid(
                [Problem(f"stages[{place}].team", "required", "Name the team whose approvers decide.")]
            )
        if spec.approvers == Approvers.PERSON and (spec.person is None or not spec.person.is_active):
            raise invalid([Problem(f"stages[{place}].person", "required", "Name an active person.")])
        clean(stage)
        stage.save()


def _told(rule: ApprovalRule) -> list[str]:
    """The stages in words, for the audit trail."""
    return [
        f"{stage.step}: {stage.name} ({stage.get_approvers_display()}, {stage.quorum})"
        for stage in rule.stages.all()
    ]
