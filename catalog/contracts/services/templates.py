"""Keeping the templates of contracts: saved, no longer offered, given up; every change in the audit trail."""

from django.db import transaction

from catalog.accounts import kernel
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.audit.changes import difference, snapshot
from catalog.common.concurrency import bump_revision
from catalog.common.documents import read_document
from catalog.common.errors import Conflict, Invalid, NotFound, Problem
from catalog.common.validation import clean
from catalog.contracts.drafting import draft_contract, with_template
from catalog.contracts.emit import to_yaml
from catalog.contracts.models import ContractTemplate
from catalog.contracts.services.importing import judge
from catalog.contracts.templates import template_named

FIELDS = ("slug", "name", "description", "text", "is_offered")
DENIED = "The governance group keeps the templates of contracts."


@transaction.atomic
def save_template(
    *,
    actor: User | None,
    slug: str,
    name: str,
    text: str,
    description: str = "",
    is_offered: bool = True,
    expected_revision: int | None = None,
) -> ContractTemplate:
    """Make a template or change it; changing a built-in one makes the row that stands in for it.

    `expected_revision` 0: it must not have been changed here yet. Raises NotAllowed, StaleRevision, and Invalid for a
    text no contract can be started from.
    """
    kernel.require(actor, "contract_template.edit", None, DENIED)
    row = ContractTemplate.objects.select_for_update().filter(slug=slug).first()
    is_new = row is None
    template = row or ContractTemplate(slug=slug)
    before = {} if is_new else snapshot(template, FIELDS)
    template.name, template.text, template.description = name.strip(), text, description.strip()
    template.is_offered = is_offered
    changes = difference(before, snapshot(template, FIELDS))
    if not changes:
        return template
    if is_new:
        template.revision = 1
    else:
        bump_revision(template, expected_revision)
    clean(template)
    check_text(text)
    template._history_user = actor  # type: ignore[attr-defined]
    template.save()
    verb = "contract_template.created" if is_new else "contract_template.edited"
    audit.record(actor=actor, verb=verb, obj=template, changes=changes)
    return template


@transaction.atomic
def remove_template(*, actor: User | None, slug: str) -> None:
    """Give up a template of the mesh's own; a built-in one is again as it was delivered.

    Raises NotAllowed, NotFound, Conflict (a built-in one that was never changed: it can only be no longer offered).
    """
    kernel.require(actor, "contract_template.edit", None, DENIED)
    known = template_named(slug)
    row = ContractTemplate.objects.select_for_update().filter(slug=slug).first()
    if known is None:
        raise NotFound("There is no such template.")
    if row is None:
        raise Conflict(
            "A built-in template stays.", kept="Nothing was changed.", remedy="Stop offering it instead."
        )
    audit.record(
        actor=actor, verb="contract_template.deleted", obj=row,
        changes=difference(snapshot(row, FIELDS), dict.fromkeys(FIELDS)),
    )  # fmt: skip
    row._history_user = actor  # type: ignore[attr-defined]
    row.delete()


def check_text(text: str) -> None:
    """Raise Invalid unless a contract started from the text would be a valid one."""
    document = read_document(text.encode())
    problems = list(document.problems)
    if not problems and not isinstance(document.data, dict):
        problems = [Problem("text", "type", "A template is a map of ODCS, such as slaProperties: …")]
    if not problems:
        bare = draft_contract(key="urn:x", name="x", table="x", domain="x", product="x", fields=())
        problems = list(judge(to_yaml(with_template(bare, document.data)).encode()).problems)
    wrong = [problem for problem in problems if problem.severity == "error"]
    if wrong:
        told = [Problem("text", item.rule, f"{item.path}: {item.message}") for item in wrong]
        raise Invalid("No contract can be started from this text.", "Nothing was saved.", problems=told)
