"""Diagnostics > System Troubleshooter: one look at whether a cluster is healthy."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.console.task_flow import cluster_facts
from prg_admin.console.troubleshooter import judged
from prg_admin.lib.clock import steady_now
from prg_admin.parameters.access import choose_cluster
from prg_admin.users.models import PresenceUser


@require_safe
@readers
def troubleshooter(request: HttpRequest) -> HttpResponse:
    """The page waits for no node: it fetches the tests of each by itself."""
    chooser = choose_cluster(request.GET)
    context: dict[str, object] = {"chooser": chooser, "cluster": chooser.cluster}
    if chooser.cluster is not None:
        facts = cluster_facts(chooser.cluster, now=steady_now())
        lost = PresenceUser.objects.filter(cluster=chooser.cluster, home=None, is_licensed=True)
        here = f"{reverse('console:troubleshooter')}?cluster={chooser.cluster.pk}"
        context |= {
            "judged": [(one, one.fix) for one in judged(facts, users=lost.count())],
            "nodes": facts.nodes,
            "here": here,
        }
    status = 404 if chooser.unknown else 200
    return render(request, "console/troubleshooter.html", context, status=status)
