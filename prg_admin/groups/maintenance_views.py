"""The maintenance helper's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prg_admin.accounts.access import readers_see_administrators_change
from prg_admin.groups.access import get_group_or_404
from prg_admin.groups.maintenance import (
    course,
    maintenance_begin,
    maintenance_end,
    maintenance_work_done,
)
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.status import group_status
from prg_admin.lib.actor import actor_of
from prg_admin.lib.htmx import render_page


@require_http_methods(["GET", "HEAD", "POST"])
@readers_see_administrators_change
def maintenance(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_group_or_404(request.user, pk)
    if request.method == "POST":
        _carry_out(request, found)
        return redirect("groups:maintenance", pk)
    status = group_status(found, now=now())
    context = {"group": found, "status": status, "course": course(status)}
    return render_page(request, "groups/maintenance.html", context, fragments=("course",))


def _carry_out(request: HttpRequest, group: PresenceRedundancyGroup) -> None:
    step, actor = request.POST.get("step"), actor_of(request)
    if step == "count":
        status = group_status(group, now=now())
        if not status.is_pair:
            messages.warning(request, _("A group with one node has no High Availability."))
            return
        maintenance_begin(status=status, actor=actor)
        messages.success(request, _("Users and sessions were counted."))
    elif step == "work":
        if maintenance_work_done(group=group, actor=actor, now=now()):
            messages.success(request, _("Noted. Sessions are compared with those of before."))
        else:
            messages.warning(
                request, _("The state of the group has changed meanwhile; look again.")
            )
    elif step == "end":
        maintenance_end(group=group, actor=actor)
        messages.success(request, _("The maintenance is over."))
    else:
        messages.error(request, _("Step: choose one of those offered. Nothing was changed."))
