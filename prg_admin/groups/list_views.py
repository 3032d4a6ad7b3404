"""System > Presence Redundancy Groups: Find and List, and deletion."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prg_admin.accounts.access import administrators, readers
from prg_admin.groups import services
from prg_admin.groups.access import get_group_or_404
from prg_admin.groups.listing import GROUPS, group_rows
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.groups.selectors import unassigned_nodes, users_of_groups
from prg_admin.lib.actor import actor_of
from prg_admin.lib.finding.csv import csv_response
from prg_admin.lib.finding.find import chosen_keys, find
from prg_admin.lib.htmx import render_page
from prg_admin.lib.sentences import problem_text

LIST_STATES = "list-states"


@require_safe
@readers
def group_list(request: HttpRequest) -> HttpResponseBase:
    groups = PresenceRedundancyGroup.objects.select_related("cluster")
    found = find(request.GET, GROUPS, groups)
    if found.wants_csv:
        return csv_response(request, found, rows=group_rows)
    rows = group_rows(found.page.object_list)
    keys = [str(row.group.pk) for row in rows]
    # The open page tells which groups it shows: another one has no place for its states there.
    shown = request.GET.get("shown", "").split()
    context = {
        "found": found,
        "rows": rows,
        "shown_rows": [row for row in rows if str(row.group.pk) in shown],
        "is_other": shown != keys,
        "shown": " ".join(keys),
        # Whoever looks for some groups is not told of what is in none.
        "unassigned": 0 if found.is_filtered else unassigned_nodes(),
    }
    return render_page(request, "groups/group_list.html", context, fragments=(LIST_STATES,))


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def group_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_group_or_404(request.user, pk)
    if request.method != "POST":
        return _ask(request, [found], cancel=reverse("groups:group", args=[pk]))
    if _delete(request, [found]):
        return redirect("groups:group-list")
    return redirect("groups:group", pk)


@require_POST
@administrators
def group_delete_selected(request: HttpRequest) -> HttpResponse:
    """Asks first; deletes with ``confirmed``."""
    keys = chosen_keys(request.POST.getlist("group"))
    found = list(PresenceRedundancyGroup.objects.filter(pk__in=keys))
    if not found:
        messages.warning(request, _("No group is selected; nothing was deleted."))
    elif "confirmed" not in request.POST:
        return _ask(request, found, cancel=reverse("groups:group-list"), selected=True)
    else:
        _delete(request, found)
    return redirect("groups:group-list")


def _ask(
    request: HttpRequest,
    groups: list[PresenceRedundancyGroup],
    *,
    cancel: str,
    selected: bool = False,
) -> HttpResponse:
    users = users_of_groups(groups)
    context = {
        "groups": [(group, users[group.pk].items()) for group in groups],
        "reasons": [problem_text(p) for p in services.deletion_problems(groups, users)],
        "cancel": cancel,
        "selected": selected,
    }
    return render(request, "groups/group_delete.html", context)


def _delete(request: HttpRequest, groups: list[PresenceRedundancyGroup]) -> int:
    deleted = 0
    for found in groups:
        try:
            outcome = services.group_delete(group_id=found.pk, actor=actor_of(request))
        except PresenceRedundancyGroup.DoesNotExist:
            continue  # somebody else deleted it: that is what was wanted
        if isinstance(outcome, services.Refused):
            for problem in outcome.problems:
                messages.error(request, problem_text(problem))
        else:
            deleted += 1
    if deleted:
        text = ngettext("%(count)s group deleted.", "%(count)s groups deleted.", deleted)
        messages.success(request, text % {"count": deleted})
    return deleted
