"""Events of all groups, and the past of one group as a picture."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.console.events import (
    EVENTS,
    HOURS,
    hours_of,
    listed,
    picture_of,
    rows_of,
    span_of,
    window_of,
)
from prg_admin.groups.access import get_group_or_404
from prg_admin.lib.clock import steady_now
from prg_admin.lib.finding.csv import csv_response
from prg_admin.lib.finding.find import find
from prg_admin.lib.htmx import render_page
from prg_admin.recovery.explained import explained
from prg_admin.recovery.history import past_of_group
from prg_admin.recovery.models import Event


@require_safe
@readers
def events(request: HttpRequest) -> HttpResponseBase:
    # Recordings are large, and no list shows them.
    records = Event.objects.select_related("group").defer("recording")
    found = find(request.GET, EVENTS, records)
    if found.wants_csv:
        return csv_response(request, found, rows=lambda batch: map(explained, batch))
    rows = [explained(event) for event in found.page.object_list]
    since, to = found.between("time")
    span = urlencode({name: text for name, text in (("from", since), ("to", to)) if text})
    context = {"found": found, "rows": rows, "span": span}
    return render_page(request, "console/events.html", context)


@require_safe
@readers
def group_timeline(request: HttpRequest, group_id: int) -> HttpResponse:
    group = get_group_or_404(request.user, group_id)
    query = request.GET
    since, to = (query.get(name, "").replace("\x00", "") for name in ("from", "to"))
    if since or to:
        window = span_of(since, to, now=steady_now())
    else:
        window = window_of(query.get("hours", ""), query.get("until", ""), now=steady_now())
    past = past_of_group(group, begin=window.begin, end=window.end)
    context = {
        "group": group,
        "window": window,
        "listed": listed(group.name, window),
        "hours": HOURS,
        "past": past,
        "picture": picture_of(past),
        "rows": rows_of(past),
        "by_hour": hours_of(past),
    }
    return render(request, "console/timeline.html", context)
