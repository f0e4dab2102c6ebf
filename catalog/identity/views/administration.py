"""For platform administrators: rules of groups, a person's link to the provider, their second factor."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.accounts import selectors
from catalog.accounts.views.requests import PersonRequest, requires
from catalog.common.errors import PortalError
from catalog.common.lists import page_of
from catalog.common.validation import show_on_form
from catalog.identity import services
from catalog.identity.forms import GroupRuleForm, SubjectForm
from catalog.identity.models import (
    GroupRule,
    ProviderAccount,
    ProvisionedGroup,
    ProvisionedPerson,
    SecondFactor,
)

ADMINISTER = requires("identity.administer", "Only platform administrators look after identity.")


@ADMINISTER
def overview(request: PersonRequest) -> HttpResponse:
    """How people sign in, and which roles follow the provider's groups; POST makes a rule."""
    form = GroupRuleForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rule = services.create_group_rule(actor=request.user, **form.cleaned_data)
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, f"{rule}: from now on, and for those known to be in the group.")
            return redirect("identity:overview")
    context = {
        "form": form,
        "page": page_of(request, GroupRule.objects.select_related("team")),
        "oidc": settings.OIDC,
        "callback": (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/"))
        + reverse("identity:callback"),
        "scim": (settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")) + "/scim/v2",
        "password_login": settings.PASSWORD_LOGIN,
        "break_glass": settings.BREAK_GLASS,
        "second_factor": settings.SECOND_FACTOR,
        "linked": ProviderAccount.objects.count(),
        "provisioned": ProvisionedPerson.objects.filter(removed_at=None).count(),
        "groups": ProvisionedGroup.objects.order_by("name")[:500],
    }
    return render(request, "catalog/identity/overview.html", context, status=400 if form.errors else 200)


@ADMINISTER
@require_POST
def delete_rule(request: PersonRequest, pk: int) -> HttpResponse:
    """End a rule and the roles it alone gave."""
    rule = get_object_or_404(GroupRule.objects.select_related("team"), pk=pk)
    services.delete_group_rule(actor=request.user, rule=rule)
    messages.success(request, "The rule is gone, and the roles it alone gave.")
    return redirect("identity:overview")


@ADMINISTER
def person(request: PersonRequest, username: str) -> HttpResponse:
    """How a person signs in; POST links them to an account of the provider."""
    shown = selectors.person_or_404(request.user, username)
    form = SubjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.link_account(actor=request.user, person=shown, subject=form.cleaned_data["subject"])
        except PortalError as error:
            show_on_form(form, error)
        else:
            messages.success(request, f"{shown} may sign in through the provider.")
            return redirect("identity:person", shown.username)
    context = {
        "person": shown,
        "form": form,
        "oidc": settings.OIDC,
        "account": ProviderAccount.objects.filter(user=shown).first(),
        "provisioned": ProvisionedPerson.objects.filter(user=shown, removed_at=None).first(),
        "factor": SecondFactor.objects.filter(user=shown).exclude(confirmed_at=None).first(),
    }
    return render(request, "catalog/identity/person.html", context, status=400 if form.errors else 200)


@ADMINISTER
@require_POST
def unlink(request: PersonRequest, username: str) -> HttpResponse:
    """Cut a person off from the provider."""
    shown = selectors.person_or_404(request.user, username)
    services.unlink_account(actor=request.user, person=shown)
    messages.success(request, f"{shown} is no longer linked; their sessions have ended.")
    return redirect("identity:person", shown.username)


@ADMINISTER
@require_POST
def remove_factor(request: PersonRequest, username: str) -> HttpResponse:
    """Take the second factor of somebody away who has lost it."""
    shown = selectors.person_or_404(request.user, username)
    services.remove_second_factor(actor=request.user, person=shown)
    messages.success(
        request, f"The second factor of {shown} is removed. The password alone opens the account now."
    )
    return redirect("identity:person", shown.username)
