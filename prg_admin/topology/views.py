"""System > Server: one node with its services."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prg_admin.accounts.access import (
    administrators,
    readers_see_administrators_change,
)
from prg_admin.lib.actor import actor_of
from prg_admin.lib.htmx import render_page, wanted_fragment
from prg_admin.lib.sentences import field_label, problem_text
from prg_admin.topology import services
from prg_admin.topology.access import get_node_or_404
from prg_admin.topology.forms import NodeForm, shown
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import node_status

LIVE = "node-live"


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def node_add(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _node_page(request, NodeForm())
    form = NodeForm(request.POST)
    if form.is_valid():
        outcome = services.node_create(draft=form.draft, actor=actor_of(request))
        if isinstance(outcome, services.Saved):
            messages.success(request, _("Add successful."))
            return redirect("topology:node", outcome.node.pk)
        form.add_problems(outcome.problems)
    return _node_page(request, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@readers_see_administrators_change
def node(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_node_or_404(request.user, pk)
    if request.method == "POST":
        return _save(request, found)
    if wanted_fragment(request, (LIVE,)):
        context = _live_context(found)
        return render_page(request, "topology/node.html", context, fragments=(LIVE,))
    return _node_page(request, NodeForm(node=found), node=found)


@require_POST
@administrators
def node_validate(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The sentences at the field that is being typed into."""
    found = get_node_or_404(request.user, pk) if pk else None
    form = NodeForm(request.POST, node=found)
    field = request.GET.get("field", "")
    if field not in form.fields:
        raise Http404
    return render(request, "_field_errors.html", {"field": form[field]})


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def node_delete(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_node_or_404(request.user, pk)
    if request.method != "POST":
        reasons = [problem_text(p) for p in services.deletion_problems([found])]
        context = {"node": found, "reasons": reasons}
        return render(request, "topology/node_delete.html", context)
    outcome = services.node_delete(node_id=found.pk, actor=actor_of(request))
    if isinstance(outcome, services.Refused):
        for problem in outcome.problems:
            messages.error(request, problem_text(problem))
        return redirect("topology:node", pk)
    messages.success(request, _("Server %(name)s deleted.") % {"name": outcome.name})
    return redirect("topology:node-list")


def _save(request: HttpRequest, found: Node) -> HttpResponse:
    form = NodeForm(request.POST, node=found)
    valid = form.is_valid()
    if not valid and form.seen_revision == found.revision:
        return _node_page(request, form, node=found, status=422)
    outcome = services.node_update(
        node_id=found.pk, draft=form.draft, revision=form.seen_revision, actor=actor_of(request)
    )
    if isinstance(outcome, services.Saved):
        messages.success(request, _("Update successful."))
        return redirect("topology:node", found.pk)
    if isinstance(outcome, services.Conflict):
        form.go_on_from(outcome.revision)
        rows = [
            {"field": field_label(d.field), "yours": shown(d.yours), "stored": shown(d.stored)}
            for d in outcome.differences
        ]
        return _node_page(request, form, node=found, conflict=rows, is_stale=True, status=409)
    form.add_problems(outcome.problems)
    return _node_page(request, form, node=found, status=422)


def _node_page(
    request: HttpRequest,
    form: NodeForm,
    *,
    node: Node | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "node": node,
        "validate_url": reverse("topology:node-validate", args=[node.pk] if node else []),
        **(_live_context(node) if node else {}),
        **more,
    }
    return render(request, "topology/node.html", context, status=status)


def _live_context(found: Node) -> dict[str, Any]:
    status = node_status(found, now=now(), users=getattr(found, "users", 0))
    return {"node": found, "status": status}
