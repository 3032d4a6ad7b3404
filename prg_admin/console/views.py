"""The home page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.console.selectors import overview
from prg_admin.jobs.selectors import running_jobs
from prg_admin.lib.htmx import render_page


@require_safe
@readers
def home(request: HttpRequest) -> HttpResponse:
    context = {"overview": overview(), "jobs": running_jobs(request.user.get_username())}
    return render_page(request, "console/home.html", context, fragments=("overview",))
