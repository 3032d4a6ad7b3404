"""System > Server: the nodes, one node with its services, and control of a service."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prg_admin.accounts.access import (
    administrators,
    readers,
    readers_see_administrators_change,
    serviceability,
)
from prg_admin.lib.htmx import render_page, wanted_fragment
from prg_admin.lib.sentences import agent_error_text, field_label, problem_text
from prg_admin.topology import services
from prg_admin.topology.access import get_node_or_404
from prg_admin.topology.agents import AgentError
from prg_admin.topology.forms import NodeForm, shown
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import node_list as find_nodes
from prg_admin.topology.selectors import node_status

TABLE = "node-table"
LIVE = "node-live"


@require_safe
@readers
def node_list(request: HttpRequest) -> HttpResponse:
    moment = now()
    nodes = [
        node_status(node, now=moment, users=getattr(node, "users", 0)) for node in find_nodes()
    ]
    return render_page(request, "topology/node_list.html", {"nodes": nodes}, fragments=(TABLE,))


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def node_add(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _node_page(request, NodeForm())
    form = NodeForm(request.POST)
    if form.is_valid():
        outcome = services.node_create(draft=form.draft, user=request.user)
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
        return render(request, "topology/node_delete.html", {"node": found})
    outcome = services.node_delete(node_id=found.pk, user=request.user)
    if isinstance(outcome, services.Refused):
        for problem in outcome.problems:
            messages.error(request, problem_text(problem))
        return redirect("topology:node", pk)
    messages.success(request, _("Server %(name)s deleted.") % {"name": outcome.name})
    return redirect("topology:node-list")


@require_POST
@serviceability
def service_control(request: HttpRequest, pk: int) -> HttpResponse:
    """Start, Stop or Restart of one service. What would cause a failover is asked first."""
    found = get_node_or_404(request.user, pk)
    service = request.POST.get("service", "")
    try:
        action = services.ServiceAction(request.POST.get("action", ""))
    except ValueError:
        raise Http404 from None
    back = _next_address(request, reverse("topology:node", args=[pk]))
    ends_service = action is not services.ServiceAction.START
    if ends_service and _has_ha(found) and "confirmed" not in request.POST:
        context = {"node": found, "service": service, "action": action.value, "next": back}
        return render(request, "topology/service_confirm.html", context)
    _control(request, found, service, action)
    return redirect(back)


def _control(
    request: HttpRequest, found: Node, service: str, action: services.ServiceAction
) -> None:
    try:
        services.service_control(node=found, service=service, action=action, user=request.user)
    except AgentError as error:
        text = agent_error_text(error.kind, node=found.name, detail=error.detail)
        messages.error(request, text)
        return
    texts = {
        services.ServiceAction.START: _("%(node)s starts %(service)s."),
        services.ServiceAction.STOP: _("%(node)s stops %(service)s."),
        services.ServiceAction.RESTART: _("%(node)s restarts %(service)s."),
    }
    messages.success(request, texts[action] % {"node": found.name, "service": service})


def _save(request: HttpRequest, found: Node) -> HttpResponse:
    form = NodeForm(request.POST, node=found)
    valid = form.is_valid()
    if not valid and form.seen_revision == found.revision:
        return _node_page(request, form, node=found, status=422)
    outcome = services.node_update(
        node_id=found.pk, draft=form.draft, revision=form.seen_revision, user=request.user
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


def _has_ha(found: Node) -> bool:
    try:
        return bool(found.member.group.ha_enabled)
    except ObjectDoesNotExist:
        return False


def _next_address(request: HttpRequest, otherwise: str) -> str:
    """Where to go afterwards; an address of another site is never followed."""
    wanted = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return resolve_url(wanted) if allowed else otherwise
