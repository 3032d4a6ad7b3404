"""The time-out of the session: how long it has yet, and staying signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from prg_admin.accounts.access import anonymous_allowed, oneself
from prg_admin.accounts.idle import SEEN, left_s


@require_safe
@never_cache
@anonymous_allowed
def session(request: HttpRequest) -> HttpResponse:
    """For the script of open pages; as a page, where one lands who signed in for another window."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return _told(request)
    return render(request, "accounts/session.html")


@require_POST
@never_cache
@oneself
def stay(request: HttpRequest) -> HttpResponse:
    request.session[SEEN] = now().timestamp()
    return _told(request)


def _told(request: HttpRequest) -> JsonResponse:
    is_in = request.user.is_authenticated
    return JsonResponse(
        {
            "left": left_s(request, now=now()) if is_in else 0,
            "user": request.user.get_username(),
            # Signing in again made the token of open pages worthless; they take this one.
            "token": get_token(request),
        }
    )
