"""Who may call a view. Every view carries one of these marks; ``accounts.checks`` looks for it.

====================================  ===========  ===========================================
mark                                  GET, HEAD    POST and every other method
====================================  ===========  ===========================================
``@readers``                          every role   405: such a view changes nothing
``@readers_see_serviceability_acts``  every role   serviceability, administrator
``@readers_see_administrators_change``  every role   administrator
``@serviceability``                   serviceability, administrator
``@administrators``                   administrator
``@oneself``                          every role   every role, about the person's own account
``@anonymous_allowed``                everybody: the sign-in page, doors with a key of their own
====================================  ===========  ===========================================

What the roles stand for is told at ``accounts.models.Role``. Whoever is not signed in is led to the
sign-in page; whoever's role is too small is told which one it takes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from prg_admin.accounts import resend
from prg_admin.accounts.forms import LoginForm
from prg_admin.accounts.models import Role, User

V = TypeVar("V", bound=Callable[..., Any])
Person = User | AnonymousUser

MARK = "access_rule"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Rule:
    """The roles a view asks for; None where it does not take such methods."""

    read: Role | None = None
    change: Role | None = None
    is_public: bool = False
    """Nobody is asked who they are."""
    is_own: bool = False
    """Changes concern the account of the person alone."""
    leads_to_login: bool = True
    """False for addresses that no person opens: they answer 403 and redirect nowhere."""

    def needed(self, method: str | None) -> Role | None:
        return self.read if method in SAFE else self.change


def access(rule: Rule) -> Callable[[V], V]:
    """The decorator behind all others; ``async`` views stay so."""

    def decorate(view: V) -> V:
        guarded = _guard_async(view, rule) if iscoroutinefunction(view) else _guard(view, rule)
        setattr(guarded, MARK, rule)
        return cast("V", guarded)

    return decorate


readers = access(Rule(read=Role.READ_ONLY))
readers_or_refused = access(Rule(read=Role.READ_ONLY, leads_to_login=False))
readers_see_serviceability_acts = access(Rule(read=Role.READ_ONLY, change=Role.SERVICEABILITY))
readers_see_administrators_change = access(Rule(read=Role.READ_ONLY, change=Role.ADMINISTRATOR))
serviceability = access(Rule(read=Role.SERVICEABILITY, change=Role.SERVICEABILITY))
administrators = access(Rule(read=Role.ADMINISTRATOR, change=Role.ADMINISTRATOR))
oneself = access(Rule(read=Role.READ_ONLY, change=Role.READ_ONLY, is_own=True))


def anonymous_allowed(view: V) -> V:
    """Anybody may call it: the sign-in page, doors with a key of their own."""
    setattr(view, MARK, Rule(is_public=True))
    return view


def _guard(view: Callable[..., HttpResponseBase], rule: Rule) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refused = _refusal(request, request.user, rule)
        return view(request, *args, **kwargs) if refused is None else refused

    return guarded


def _guard_async(
    view: Callable[..., Awaitable[HttpResponseBase]], rule: Rule
) -> Callable[..., Awaitable[HttpResponseBase]]:
    @wraps(view)
    async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # request.user would query the database inside the event loop.
        user = await request.auser()
        if _is_allowed(user, rule.needed(request.method)):
            return await view(request, *args, **kwargs)
        # A page of refusal is rendered with what templates ask the database for.
        refused = await sync_to_async(_refusal)(request, user, rule)
        return cast("HttpResponseBase", refused)

    return guarded


def _is_allowed(user: Person, needed: Role | None) -> bool:
    return needed is not None and isinstance(user, User) and user.may(needed)


def _refusal(request: HttpRequest, user: Person, rule: Rule) -> HttpResponseBase | None:
    needed = rule.needed(request.method)
    if not user.is_authenticated:
        return _lead_to_login(request) if rule.leads_to_login else _refuse_stranger()
    if needed is None:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return None if _is_allowed(user, needed) else refuse(request, needed)


def refuse(request: HttpRequest, needed: Role) -> HttpResponse:
    """403 with a sentence that names the role: a page, a fragment, or JSON for a machine."""
    text = _("This needs the role %(needed)s; yours is %(role)s. Nothing was changed.") % {
        "needed": needed.label,
        "role": Role(cast("User", request.user).role).label,
    }
    if _is_machine(request):
        return JsonResponse({"error": "role", "needed": needed.value, "detail": text}, status=403)
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx:
        response = render(request, "_status.html", {"tone": "error", "text": text}, status=403)
        response["HX-Retarget"] = "#status"
        response["HX-Reswap"] = "innerHTML"
        return response
    return render(request, "accounts/refused.html", {"text": text}, status=403)


def _lead_to_login(request: HttpRequest) -> HttpResponse:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx:
        # Neither a redirect nor the sign-in page in place of a fragment: what is typed into the
        # page would be lost. Its script sees the 401 and offers to sign in in another window.
        return HttpResponse(status=401)
    if _is_machine(request):
        return JsonResponse({"error": "signed-out", "detail": _("Sign in first.")}, status=401)
    if request.method in SAFE:
        return redirect_to_login(request.get_full_path())
    token = resend.kept(request)
    if token:
        context = {"form": LoginForm(request), "resend": token, "next": request.get_full_path()}
        return render(request, "accounts/login.html", context, status=401)
    # Coming back to an address that takes only POST would fail: from there the way leads home.
    return redirect_to_login(resolve_url(settings.LOGIN_REDIRECT_URL))


def _is_machine(request: HttpRequest) -> bool:
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"


def _refuse_stranger() -> HttpResponse:
    return HttpResponse("Sign in first.\n", status=403, content_type="text/plain; charset=utf-8")
