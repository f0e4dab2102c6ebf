"""What an identity provider does over SCIM: people and groups made, changed and removed.

The actor is the portal itself (None): the token that spoke is told in the audit trail's detail.
"""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.accounts import services as accounts
from catalog.accounts.models import User
from catalog.audit import services as audit
from catalog.common.errors import Conflict, PortalError
from catalog.common.validation import clean
from catalog.identity.models import ProvisionedGroup, ProvisionedPerson
from catalog.identity.scim.documents import email_in, name_in, person_document, problems_as_error, username_of
from catalog.identity.scim.errors import ScimError, bad_value
from catalog.identity.services.groups import follow_groups


@transaction.atomic
def provision_person(*, body: Any, by: str) -> ProvisionedPerson:
    """A new person, or one whom SCIM had removed before. `by` names the token. Raises ScimError.

    An account made here by hand is not taken over: that is 409, and a matter of people.
    """
    document = person_document(body)
    username = username_of(document["userName"])
    if ProvisionedPerson.objects.filter(user_name=username, removed_at=None).exists():
        raise ScimError(409, "There is a person with this userName.", "uniqueness")
    person = ProvisionedPerson.objects.select_related("user").filter(user_name=username).first()
    if person is None:
        if User.objects.filter(username=username).exists():
            words = "An account of this name was made in the portal itself; it is not given to the provider."
            raise ScimError(409, words, "uniqueness")
        user = User(username=username)
        user.set_unusable_password()
        _say(user, document)
        user.save()
        person = ProvisionedPerson(user=user, user_name=username)
    person.removed_at = None
    _write(person, document, by)
    return person


@transaction.atomic
def change_person(*, person: ProvisionedPerson, body: Any, by: str) -> ProvisionedPerson:
    """Replace what is said of a person; set inactive, they lose sessions, tokens and grants at once. ScimError."""
    document = person_document(body)
    username = username_of(document["userName"])
    if username != person.user_name:
        taken = User.objects.filter(username=username).exclude(pk=person.user_id).exists()
        if taken or ProvisionedPerson.objects.filter(user_name=username).exclude(pk=person.pk).exists():
            raise ScimError(409, "There is a person with this userName.", "uniqueness")
        person.user_name = person.user.username = username
    _say(person.user, document)
    person.user.save(update_fields=["username", "name", "email", "updated_at"])
    _write(person, document, by)
    return person


@transaction.atomic
def remove_person(*, person: ProvisionedPerson, by: str) -> None:
    """Deleted at the provider: the account is closed and stays for the record; SCIM knows it no more."""
    _set_active(person.user, False)
    person.user.provisioned_groups.clear()
    follow_groups(person=person.user)
    ProvisionedPerson.objects.filter(pk=person.pk).update(
        removed_at=timezone.now(), revision=F("revision") + 1
    )
    audit.record(actor=None, verb="person.provisioned", obj=person.user, detail={"by": by, "removed": True})


def _say(user: User, document: dict[str, Any]) -> None:
    """Name and e-mail address as the provider has them."""
    user.name, user.email = name_in(document), email_in(document)
    try:
        clean(user, exclude=["password"])
    except PortalError as error:
        raise problems_as_error(error.problems) from error


def _write(person: ProvisionedPerson, document: dict[str, Any], by: str) -> None:
    person.document, person.external_id = document, document.get("externalId", "")
    person.revision = (person.revision or 0) + 1 if person.pk else 1
    person.save()
    _set_active(person.user, document["active"])
    audit.record(
        actor=None,
        verb="person.provisioned",
        obj=person.user,
        detail={"by": by, "active": document["active"]},
    )


def _set_active(user: User, active: bool) -> None:
    if user.is_active == active:
        return
    change = accounts.reactivate_person if active else accounts.deactivate_person
    try:
        change(actor=None, person=user)
    except Conflict as error:  # the last platform administrator
        raise ScimError(409, f"{error.message} {error.remedy}") from error
    if active:
        follow_groups(person=user)


@transaction.atomic
def write_group(
    *, group: ProvisionedGroup | None, name: Any, external_id: Any, members: Collection[int] | None, by: str
) -> ProvisionedGroup:
    """Make (group None) or change a group; `members` (ids of provisioned people) replace those there were, None
    leaves them. Roles follow at once for everybody it touches. Raises ScimError."""
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 300:
        raise bad_value("displayName must be a text of 1 to 300 letters.")
    if external_id is not None and (not isinstance(external_id, str) or len(external_id) > 255):
        raise bad_value("externalId must be a text of at most 255 letters.")
    made = group or ProvisionedGroup(revision=0)
    if ProvisionedGroup.objects.filter(name=name.strip()).exclude(pk=made.pk).exists():
        raise ScimError(409, "There is a group with this displayName.", "uniqueness")
    renamed = made.pk is not None and (made.name, made.external_id) != (name.strip(), external_id or "")
    made.name, made.external_id = name.strip(), external_id or ""
    made.revision += 1
    made.save()
    before = set(made.members.values_list("pk", flat=True))
    after = before if members is None else _users_of(members)
    if after != before:
        made.members.set(after)
    _follow(before | after if renamed else before ^ after)
    detail = {"by": by, "came": len(after - before), "went": len(before - after)}
    audit.record(actor=None, verb="provisioned_group.written", obj=made, detail=detail)
    return made


@transaction.atomic
def remove_group(*, group: ProvisionedGroup, by: str) -> None:
    """A group deleted at the provider; the roles it alone gave end."""
    touched = set(group.members.values_list("pk", flat=True))
    pk, name = group.pk, group.name
    group.delete()
    group.pk = pk
    audit.record(actor=None, verb="provisioned_group.removed", obj=group, name=name, detail={"by": by})
    _follow(touched)


def _users_of(people: Collection[int]) -> set[int]:
    known = ProvisionedPerson.objects.filter(pk__in=set(people), removed_at=None)
    found = dict(known.values_list("pk", "user_id"))
    if missing := sorted(set(people) - found.keys()):
        raise bad_value(f"There is no person {', '.join(str(pk) for pk in missing[:10])}.")
    return set(found.values())


def _follow(user_ids: Collection[int]) -> None:
    for user in User.objects.filter(pk__in=user_ids).order_by("pk"):
        follow_groups(person=user)
