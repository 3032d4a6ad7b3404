"""What the frame of every page leads to: the Go of its lists, and About."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.console.about import browser_scripts, libraries, version


@require_safe
@readers
def go(request: HttpRequest) -> HttpResponse:
    """To the page chosen in a list; never to another site."""
    wanted = request.GET.get("to", "")
    # No host is allowed: only addresses within this site are, and those begin with a slash.
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return redirect(wanted if is_ours and wanted.isprintable() else "console:home")


@require_safe
@readers
def about(request: HttpRequest) -> HttpResponse:
    context = {
        "version": version(),
        "scripts": browser_scripts(),
        "libraries": libraries(),
    }
    return render(request, "console/about.html", context)
