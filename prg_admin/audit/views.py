"""The audit log: who did what, when, and from where."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import administrators
from prg_admin.audit.listing import ENTRIES, values_of
from prg_admin.audit.models import Entry
from prg_admin.lib.finding.csv import csv_response
from prg_admin.lib.finding.find import find
from prg_admin.lib.htmx import render_page


@require_safe
@administrators
def log(request: HttpRequest) -> HttpResponseBase:
    found = find(request.GET, ENTRIES, Entry.objects.all())
    if found.wants_csv:
        return csv_response(request, found, rows=list)
    rows = [(entry, values_of(entry)) for entry in found.page.object_list]
    return render_page(request, "audit/log.html", {"found": found, "rows": rows})
