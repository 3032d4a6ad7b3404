"""Signing in and out, one's own password, and the language of the pages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from prg_admin.accounts import resend
from prg_admin.accounts.access import anonymous_allowed, oneself
from prg_admin.accounts.forms import LoginForm, PasswordForm
from prg_admin.accounts.services import tell
from prg_admin.accounts.signals import AccountEvent
from prg_admin.lib.actor import actor_of
from prg_admin.lib.addresses import local_address


def _next_address(request: HttpRequest) -> str:
    """Where to go after signing in; an address of another site is never followed."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return local_address(wanted) or resolve_url("console:home")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
@anonymous_allowed
def login(request: HttpRequest) -> HttpResponse:
    address, token = _next_address(request), request.POST.get(resend.FIELD, "")
    # Whoever signed in meanwhile, in another window, goes on without doing so again.
    if request.user.is_authenticated:
        return _go_on(request, address, token)
    form = LoginForm(request, data=request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        start_session(request, form.get_user())
        return _go_on(request, address, token)
    context = {"form": form, "next": address, "resend": token if resend.taken(token) else ""}
    response = render(request, "accounts/login.html", context, status=422 if form.is_bound else 200)
    if form.locked_s:
        response.status_code = 429
        response["Retry-After"] = str(int(form.locked_s) + 1)
    return response


def _go_on(request: HttpRequest, address: str, token: str) -> HttpResponse:
    again = resend.taken(token) if token else None
    if again is None:
        return redirect(address)
    return render(request, "accounts/resend.html", {"again": again})


@require_POST
@anonymous_allowed
def logout(request: HttpRequest) -> HttpResponse:
    """Also for those whose session ran out meanwhile: they want to be out, and they are."""
    end_session(request)
    return redirect("accounts:login")


@require_POST
@anonymous_allowed
def language(request: HttpRequest) -> HttpResponseBase:
    return set_language(request)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("old_password", "new_password1", "new_password2")
@never_cache
@oneself
def password(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.user, data=request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        name = request.user.get_username()
        with transaction.atomic():
            form.save()
            tell(AccountEvent.PASSWORD_CHANGED, actor=actor_of(request), username=name)
        # Sessions elsewhere end with the old password; this one goes on.
        update_session_auth_hash(request, form.user)
        messages.success(request, _("Your password was changed."))
        return redirect("accounts:password")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/password.html", {"form": form}, status=status)
