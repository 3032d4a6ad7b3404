"""Who may call a view. Every view carries one of these marks; ``accounts.checks`` looks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., Any])
Refusal = Callable[[HttpRequest], HttpResponseBase]

MARK = "access_rule"


def anonymous_allowed(view: V) -> V:
    """Anybody may call it: the sign-in page, doors with a key of their own."""
    setattr(view, MARK, "anonymous")
    return view


def signed_in(view: V) -> V:
    """Only for people who are signed in; others are led to the sign-in page."""
    return _guarded(view, _lead_to_login)


def signed_in_or_refused(view: V) -> V:
    """As ``signed_in``, for addresses that no person opens: answers 403 and redirects nowhere."""
    return _guarded(view, _refuse)


def _guarded(view: V, refusal: Refusal) -> V:
    guarded = (
        _guarded_async(view, refusal) if iscoroutinefunction(view) else _guarded_sync(view, refusal)
    )
    setattr(guarded, MARK, "signed-in")
    return cast("V", guarded)


def _guarded_sync(
    view: Callable[..., HttpResponseBase], refusal: Refusal
) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return refusal(request)
        return view(request, *args, **kwargs)

    return guarded


def _guarded_async(
    view: Callable[..., Awaitable[HttpResponseBase]], refusal: Refusal
) -> Callable[..., Awaitable[HttpResponseBase]]:
    @wraps(view)
    async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # request.user would query the database inside the event loop.
        user = await request.auser()
        if not user.is_authenticated:
            return refusal(request)
        return await view(request, *args, **kwargs)

    return guarded


def _lead_to_login(request: HttpRequest) -> HttpResponse:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if htmx:
        # A redirect would put the sign-in page inside the fragment: the browser itself has to go.
        target = redirect_to_login(
            htmx.current_url_abs_path or resolve_url(settings.LOGIN_REDIRECT_URL)
        )
        return HttpResponseClientRedirect(target.url)
    # Coming back to an address that takes only POST would fail: from there the way leads home.
    safe = request.method in ("GET", "HEAD")
    return redirect_to_login(
        request.get_full_path() if safe else resolve_url(settings.LOGIN_REDIRECT_URL)
    )


def _refuse(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Sign in first.\n", status=403, content_type="text/plain; charset=utf-8")
