"""Signing in and out; one-time links; the demo's accounts."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from catalog.accounts import demo, entrance, services
from catalog.accounts.forms import FirstPasswordForm, SignInForm
from catalog.accounts.models import User
from catalog.accounts.services.invitations import find_invitation
from catalog.common.errors import Invalid, NotFound

TEMPLATE = "catalog/accounts/login.html"


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: the address in `next` when it is one of ours, else the home page.

    Pages of signing in and out are not gone back to.
    """
    wanted = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    around = (reverse("accounts:login"), reverse("accounts:logout"))
    path = wanted.partition("?")[0].partition("#")[0]
    return wanted if ours and not path.startswith(around) else settings.LOGIN_REDIRECT_URL


@method_decorator([login_not_required, never_cache], name="dispatch")
class SignIn(LoginView):
    """Password sign-in. A wrong name, a wrong password and a closed account get the same answer."""

    form_class = SignInForm
    template_name = TEMPLATE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and request.method in ("GET", "HEAD"):
            return redirect(safe_next(request))
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]  # the form is always ours
        person = form.get_user()
        assert isinstance(person, User)  # noqa: S101  # the form has checked it
        return entrance.enter(self.request, person, how="password", after=safe_next(self.request))

    def get_success_url(self) -> str:
        return safe_next(self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | page_of(self.request)


class SignOut(LogoutView):
    """Ends the session in the database too; by POST only."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        kept = entrance.kept_on_leaving(request)
        answer = super().post(request, *args, **kwargs)
        request.session.update(kept)
        return answer


sign_out = login_not_required(SignOut.as_view())


def page_of(request: HttpRequest) -> dict[str, Any]:
    """What the sign-in page shows beside its form."""
    accounts = demo.ACCOUNTS if demo.is_offered(request) else {}
    return {
        "next": safe_next(request),
        "demo_accounts": accounts.items(),
        "ways": entrance.ways(request),
        "farewells": entrance.farewells(request),
        "password_login": settings.PASSWORD_LOGIN,
    }


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """429 after too many wrong passwords: says for how long, and what to do (AXES_LOCKOUT_CALLABLE)."""
    wait = settings.AXES_COOLOFF_TIME
    context = {
        "form": SignInForm(request),
        "locked_minutes": int(wait.total_seconds() // 60),
        **page_of(request),
    }
    answer = render(request, TEMPLATE, context, status=429)
    answer["Retry-After"] = str(int(wait.total_seconds()))
    add_never_cache_headers(answer)
    return answer


@login_not_required
@never_cache
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Become one of the demo's accounts; there is no such page unless every condition of `demo` holds."""
    name = request.POST.get("account", "")
    person = User.objects.filter(username=name, is_active=True).first() if name in demo.ACCOUNTS else None
    if person is None or not demo.is_offered(request):
        raise Http404
    entrance.admit(request, person, how="demo")
    return HttpResponseRedirect(safe_next(request))


@login_not_required
@never_cache
@sensitive_post_parameters()
def accept_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The page of a one-time link. Looking at it uses nothing up; setting the password does, and signs in."""
    try:
        invitation = find_invitation(secret)
        form = FirstPasswordForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            person = services.accept_invitation(secret=secret, password=form.cleaned_data["new"])
            messages.success(request, "Your password is set.")
            if not entrance.may_use_password(person.username):
                return redirect(settings.LOGIN_URL)
            return entrance.enter(request, person, how="link", after=settings.LOGIN_REDIRECT_URL)
    except NotFound as error:
        answer = render(request, "catalog/accounts/link_gone.html", {"error": error}, status=404)
    except Invalid as error:
        for problem in error.problems:
            problem_path = "new" if problem.path == "password" else problem.path
            form.add_error(problem_path if problem_path in form.fields else None, problem.message)
        answer = _link_page(request, form, invitation)
    else:
        answer = _link_page(request, form, invitation)
    answer["Referrer-Policy"] = "no-referrer"  # the address is a secret
    return answer


def _link_page(request: HttpRequest, form: FirstPasswordForm, invitation: Any) -> HttpResponse:
    context = {"form": form, "invitation": invitation}
    return render(request, "catalog/accounts/link.html", context, status=200 if not form.errors else 400)
