"""Node Details: what a node does now, and its self-diagnostic tests."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.domain import catalogue
from prg_admin.domain.selftests import Outcome, Test
from prg_admin.lib.htmx import render_page, wanted_fragment
from prg_admin.lib.selftests import Told, told
from prg_admin.topology.access import get_node_or_404
from prg_admin.topology.diagnosis import diagnose
from prg_admin.topology.models import Node
from prg_admin.topology.selectors import node_status

LIVE = "node-live"
TESTS = "self-tests"


@require_safe
@readers
def node_details(request: HttpRequest, pk: int) -> HttpResponse:
    """The tests run when they are asked for: the page itself waits for no node."""
    found = get_node_or_404(request.user, pk)
    context: dict[str, Any] = {"node": found}
    runs = wanted_fragment(request, (TESTS,)) is not None or "run" in request.GET
    if runs:
        context["tests"] = [(one, _fix(one, found)) for one in map(told, _ran(found))]
        context["ran_at"] = now()
        context["counts"] = _counts([one for one, _fix_url in context["tests"]])
    if wanted_fragment(request, (TESTS,)) is None:
        users = getattr(found, "users", 0)
        context["status"] = node_status(found, now=now(), users=users)
    template = "topology/node_details.html"
    return render_page(request, template, context, fragments=(LIVE, TESTS))


def _ran(node: Node) -> Any:
    return diagnose(node, now=now())


def _counts(tests: list[Told]) -> dict[str, int]:
    return {outcome.value: sum(t.outcome is outcome for t in tests) for outcome in Outcome}


def _fix(one: Told, node: Node) -> str:
    """The page on which what was found is put right; empty where that is not done on a page."""
    if one.outcome not in (Outcome.WARNING, Outcome.FAILED):
        return ""
    server = f"?server={node.pk}"
    pages = {
        Test.AGENT: reverse("topology:node", args=[node.pk]),
        Test.IDENTITY: reverse("topology:node", args=[node.pk]),
        Test.VERSION: reverse("topology:node-list"),
        Test.SERVICES: reverse("topology:network-services") + server,
        Test.ACTIVATION: reverse("topology:service-activation") + server,
        Test.GROUP: _group_page(node),
        Test.RE_LOGIN: _parameters_page(node),
    }
    return pages.get(one.test, "")


def _group_page(node: Node) -> str:
    if hasattr(node, "member"):
        return reverse("groups:group", args=[node.member.group_id])
    return reverse("groups:group-list")


def _parameters_page(node: Node) -> str:
    service = catalogue.SRM.replace(" ", "+")
    return f"{reverse('parameters:service-parameters')}?server={node.pk}&service={service}"
