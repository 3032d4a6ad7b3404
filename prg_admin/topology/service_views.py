"""Serviceability > Tools: Control Center for network and feature services."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from prg_admin.accounts.access import readers, serviceability
from prg_admin.domain.services import ServiceKind
from prg_admin.lib.actor import actor_of
from prg_admin.lib.addresses import local_address
from prg_admin.lib.htmx import render_page
from prg_admin.lib.sentences import agent_error_text
from prg_admin.topology import services
from prg_admin.topology.access import choose_node, get_node_or_404
from prg_admin.topology.agents import AgentError
from prg_admin.topology.consequences import consequence
from prg_admin.topology.control import choosable_nodes, cluster_settings, control_groups
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import node_status
from prg_admin.topology.services import ServiceAction

TABLE = "service-table"
PAGES = {
    ServiceKind.NETWORK: "topology:network-services",
    ServiceKind.FEATURE: "topology:feature-services",
}
CONTROLS = (ServiceAction.START, ServiceAction.STOP, ServiceAction.RESTART)


@require_safe
@readers
def network_services(request: HttpRequest) -> HttpResponse:
    return _control_center(request, ServiceKind.NETWORK)


@require_safe
@readers
def feature_services(request: HttpRequest) -> HttpResponse:
    return _control_center(request, ServiceKind.FEATURE)


def _control_center(request: HttpRequest, kind: ServiceKind) -> HttpResponse:
    found, unknown = choose_node(request.user, request.GET.get("server", ""))
    context: dict[str, Any] = {
        "nodes": choosable_nodes(),
        "node": found,
        "unknown": unknown,
        "kind": kind.value,
        "page_url": reverse(PAGES[kind]),
    }
    if found is not None:
        moment = now()
        status = node_status(found, now=moment, users=getattr(found, "users", 0))
        settings = cluster_settings(found.cluster)
        context["status"] = status
        context["groups"] = control_groups(status, kind, settings=settings, now=moment)
    template = "topology/control_center.html"
    status_code = 404 if unknown else 200
    return render_page(request, template, context, fragments=(TABLE,), status=status_code)


@require_POST
@serviceability
def service_control(request: HttpRequest, pk: int) -> HttpResponse:
    """Start, Stop or Restart of one service. What ends a service is asked first."""
    found = get_node_or_404(request.user, pk)
    service = request.POST.get("service", "")
    action = _action(request)
    back = next_address(request, reverse("topology:node", args=[pk]))
    if not service:
        messages.warning(request, _("No service is chosen: choose one of the list first."))
        return redirect(back)
    if action is not ServiceAction.START and "confirmed" not in request.POST:
        settings = cluster_settings(found.cluster)
        context = {
            "node": found,
            "service": service,
            "action": action.value,
            "next": back,
            "status": node_status(found, now=now(), users=getattr(found, "users", 0)),
            "consequence": consequence(found, [service], settings=settings),
        }
        return render(request, "topology/service_confirm.html", context)
    _control(request, found, service, action)
    return redirect(back)


def _action(request: HttpRequest) -> ServiceAction:
    try:
        action = ServiceAction(request.POST.get("action", ""))
    except ValueError:
        raise Http404 from None
    if action not in CONTROLS:
        raise Http404
    return action


def _control(request: HttpRequest, found: Node, service: str, action: ServiceAction) -> None:
    try:
        services.service_control(
            node=found, service=service, action=action, actor=actor_of(request)
        )
    except AgentError as error:
        text = agent_error_text(error.kind, node=found.name, detail=error.detail)
        messages.error(request, text)
        return
    texts = {
        ServiceAction.START: _("%(node)s starts %(service)s."),
        ServiceAction.STOP: _("%(node)s stops %(service)s."),
        ServiceAction.RESTART: _("%(node)s restarts %(service)s."),
    }
    messages.success(request, texts[action] % {"node": found.name, "service": service})


def next_address(request: HttpRequest, otherwise: str) -> str:
    """Where to go afterwards; an address of another site is never followed."""
    return local_address(request.POST.get("next", "")) or otherwise
