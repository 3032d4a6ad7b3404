"""Serviceability > Tools > Service Activation: which feature services a node uses, for good."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from prg_admin.accounts.access import readers_see_serviceability_acts
from prg_admin.lib.actor import actor_of
from prg_admin.lib.htmx import is_fragment_request, render_page
from prg_admin.lib.sentences import agent_error_text
from prg_admin.topology import services
from prg_admin.topology.access import choose_node
from prg_admin.topology.agents import AgentError
from prg_admin.topology.consequences import consequence
from prg_admin.topology.control import (
    ControlRow,
    activated_names,
    choosable_nodes,
    cluster_settings,
    feature_rows,
)
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import NodeStatus, node_status

NEWS = "activation-news"
TEMPLATE = "topology/service_activation.html"
CANNOT_CONNECT = gettext_lazy("The connection to the server cannot be established.")


@dataclass(frozen=True, slots=True)
class Shown:
    """The services of the chosen node as its last report has them."""

    node: Node
    status: NodeStatus
    rows: tuple[ControlRow, ...]

    @property
    def installed(self) -> frozenset[str]:
        return frozenset(row.name for row in self.rows if row.can_be_activated)

    @property
    def activated(self) -> frozenset[str]:
        return activated_names(self.rows)

    @property
    def defaults(self) -> frozenset[str]:
        return frozenset(row.name for row in self.rows if row.default) & self.installed


@require_http_methods(["GET", "HEAD", "POST"])
@readers_see_serviceability_acts
def service_activation(request: HttpRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else request.GET
    found, unknown = choose_node(request.user, data.get("server", ""))
    if found is None:
        refused = bool(unknown) or request.method == "POST"
        context = {**_chooser(None), "unknown": unknown}
        return render(request, TEMPLATE, context, status=404 if refused else 200)
    shown = _shown(found)
    if request.method == "POST":
        return _save(request, shown)
    if not is_fragment_request(request):
        shown = _as_the_node_says(shown)
    checked = _asked_for(request.GET.get("check", ""), shown)
    seen = frozenset(request.GET.getlist("seen"))
    context = _context(shown, checked=checked) | {"moved": seen != shown.activated}
    return render_page(request, TEMPLATE, context, fragments=(NEWS,))


def _asked_for(check: str, shown: Shown) -> frozenset[str]:
    """Check All Services and Set to Default only tick boxes; Save is what counts."""
    return {"all": shown.installed, "default": shown.defaults}.get(check, shown.activated)


def _save(request: HttpRequest, shown: Shown) -> HttpResponse:
    node = shown.node
    try:
        now_active = services.activated_services(node=node)
    except AgentError as error:
        return _failed(request, shown, error)
    seen = frozenset(request.POST.getlist("seen")) & shown.installed
    wanted = frozenset(request.POST.getlist("active")) & shown.installed
    was = now_active & shown.installed
    if seen != was:
        context = _context(shown, checked=wanted, seen=was) | {"is_stale": True}
        return render(request, TEMPLATE, context, status=409)
    change = services.Activation(
        activate=tuple(r.name for r in shown.rows if r.name in wanted - was),
        deactivate=tuple(r.name for r in reversed(shown.rows) if r.name in was - wanted),
    )
    lost = consequence(node, change.deactivate, settings=cluster_settings(node.cluster))
    if lost.critical and "confirmed" not in request.POST:
        context = {"node": node, "change": change, "consequence": lost, "wanted": sorted(wanted)}
        context |= {"seen": sorted(seen), "back": _address(node)}
        return render(request, "topology/activation_confirm.html", context)
    return _carry_out(request, shown, change)


def _carry_out(request: HttpRequest, shown: Shown, change: services.Activation) -> HttpResponse:
    try:
        services.services_activate(node=shown.node, change=change, actor=actor_of(request))
    except AgentError as error:
        return _failed(request, shown, error)
    if not change:
        messages.info(request, _("Nothing was changed: the services stand like this already."))
        return redirect(_address(shown.node))
    texts = []
    if change.activate:
        texts.append(_("Activated: %(services)s.") % {"services": ", ".join(change.activate)})
    if change.deactivate:
        texts.append(_("Deactivated: %(services)s.") % {"services": ", ".join(change.deactivate)})
    messages.success(request, " ".join([_("Update successful."), *texts]))
    return redirect(_address(shown.node))


def _failed(request: HttpRequest, shown: Shown, error: AgentError) -> HttpResponse:
    """What was ticked stays ticked."""
    why = agent_error_text(error.kind, node=shown.node.name, detail=error.detail)
    wanted = frozenset(request.POST.getlist("active"))
    seen = frozenset(request.POST.getlist("seen"))
    context = _context(shown, checked=wanted, seen=seen) | {"failed": f"{CANNOT_CONNECT} {why}"}
    return render(request, TEMPLATE, context, status=422)


def _shown(node: Node) -> Shown:
    moment = now()
    status = node_status(node, now=moment, users=getattr(node, "users", 0))
    settings = cluster_settings(node.cluster)
    return Shown(node, status, feature_rows(status, settings=settings, now=moment))


def _as_the_node_says(shown: Shown) -> Shown:
    """Of a whole page: its boxes stay as they are drawn, and Save compares them with the node.

    The last report may be older than what was saved a moment ago.
    """
    if not shown.status.reachable:
        return shown
    try:
        active = services.activated_services(node=shown.node)
    except AgentError:
        return shown
    rows = tuple(row.with_activation(active=row.name in active) for row in shown.rows)
    return replace(shown, rows=rows)


def _chooser(node: Node | None) -> dict[str, Any]:
    page_url = reverse("topology:service-activation")
    return {"nodes": choosable_nodes(), "node": node, "page_url": page_url}


def _context(
    shown: Shown, *, checked: frozenset[str], seen: frozenset[str] | None = None
) -> dict[str, Any]:
    seen = shown.activated if seen is None else seen
    return {
        **_chooser(shown.node),
        "status": shown.status,
        "rows": [(row, row.name in checked) for row in shown.rows],
        "seen": [row.name for row in shown.rows if row.name in seen],
        "here": _address(shown.node),
    }


def _address(node: Node) -> str:
    return f"{reverse('topology:service-activation')}?server={node.pk}"
