"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from prg_admin.accounts.access import anonymous_allowed
from prg_admin.accounts.forms import LoginForm


def _next_address(request: HttpRequest) -> str:
    """Where to go after signing in; an address of another site is never followed."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if allowed else resolve_url("console:home")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
@anonymous_allowed
def login(request: HttpRequest) -> HttpResponse:
    address = _next_address(request)
    if request.user.is_authenticated:
        return redirect(address)
    form = LoginForm(request, data=request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        start_session(request, form.get_user())
        return redirect(address)
    status = 422 if form.is_bound else 200
    return render(request, "accounts/login.html", {"form": form, "next": address}, status=status)


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
