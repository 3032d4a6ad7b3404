"""System > Server: Find and List, and deletion of several servers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from prg_admin.accounts.access import administrators, readers
from prg_admin.lib.actor import actor_of
from prg_admin.lib.finding.csv import csv_response
from prg_admin.lib.finding.find import chosen_keys, find
from prg_admin.lib.htmx import render_page
from prg_admin.lib.sentences import problem_text
from prg_admin.topology import services
from prg_admin.topology.listing import SERVERS, listed_nodes, node_rows
from prg_admin.topology.models import Node

TABLE = "node-table"


@require_safe
@readers
def node_list(request: HttpRequest) -> HttpResponseBase:
    found = find(request.GET, SERVERS, listed_nodes())
    rows = node_rows(now=now())
    if found.wants_csv:
        return csv_response(request, found, rows=rows)
    context = {"found": found, "rows": rows(found.page.object_list)}
    return render_page(request, "topology/node_list.html", context, fragments=(TABLE,))


@require_POST
@administrators
def node_delete_selected(request: HttpRequest) -> HttpResponse:
    """Asks first; deletes with ``confirmed``."""
    found = list(Node.objects.filter(pk__in=chosen_keys(request.POST.getlist("node"))))
    if not found:
        messages.warning(request, _("No server is selected; nothing was deleted."))
    elif "confirmed" not in request.POST:
        reasons = [problem_text(problem) for problem in services.deletion_problems(found)]
        context = {"nodes": found, "reasons": reasons}
        return render(request, "topology/node_delete_selected.html", context)
    else:
        _delete(request, found)
    return redirect("topology:node-list")


def _delete(request: HttpRequest, nodes: list[Node]) -> None:
    deleted = 0
    for found in nodes:
        try:
            outcome = services.node_delete(node_id=found.pk, actor=actor_of(request))
        except Node.DoesNotExist:
            continue  # somebody else deleted it: that is what was wanted
        if isinstance(outcome, services.Refused):
            for problem in outcome.problems:
                messages.error(request, problem_text(problem))
        else:
            deleted += 1
    if deleted:
        text = ngettext("%(count)s server deleted.", "%(count)s servers deleted.", deleted)
        messages.success(request, text % {"count": deleted})
