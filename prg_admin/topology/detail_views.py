"""Node Details: what a node does now, and its self-diagnostic tests."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.lib.htmx import render_page, wanted_fragment
from prg_admin.topology.access import get_node_or_404
from prg_admin.topology.selectors import node_status
from prg_admin.topology.self_tests import tested

LIVE = "node-live"
TESTS = "self-tests"
IN_SHORT = "self-tests-in-short"
"""What did not pass, for the System Troubleshooter."""
OF_TESTS = (TESTS, IN_SHORT)


@require_safe
@readers
def node_details(request: HttpRequest, pk: int) -> HttpResponse:
    """The tests run when they are asked for: the page itself waits for no node."""
    found = get_node_or_404(request.user, pk)
    context: dict[str, Any] = {"node": found}
    runs = wanted_fragment(request, OF_TESTS) is not None or "run" in request.GET
    if runs:
        context["tested"] = tested(found, now=now())
    if wanted_fragment(request, OF_TESTS) is None:
        users = getattr(found, "users", 0)
        context["status"] = node_status(found, now=now(), users=users)
    template = "topology/node_details.html"
    return render_page(request, template, context, fragments=(LIVE, *OF_TESTS))
