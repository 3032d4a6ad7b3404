"""What the frame of every page leads to: the Go of its lists, and About."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.console.about import browser_scripts, libraries, version
from prg_admin.lib.addresses import local_address


@require_safe
@readers
def go(request: HttpRequest) -> HttpResponse:
    """To the page chosen in a list; never to another site."""
    return redirect(local_address(request.GET.get("to", "")) or "console:home")


@require_safe
@readers
def about(request: HttpRequest) -> HttpResponse:
    context = {
        "version": version(),
        "scripts": browser_scripts(),
        "libraries": libraries(),
    }
    return render(request, "console/about.html", context)
