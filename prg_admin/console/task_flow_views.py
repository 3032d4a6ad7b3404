"""The task flow: the six steps as one guided path for one cluster, each checked live."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from prg_admin.accounts.access import readers, serviceability
from prg_admin.console.task_flow import cluster_facts, cluster_nodes
from prg_admin.console.task_flow_steps import next_step, steps
from prg_admin.domain.checkups import LINK_BYTES, WANTED_MBPS, WANTED_RTT_MS
from prg_admin.lib.clock import steady_now
from prg_admin.lib.htmx import render_page
from prg_admin.parameters.access import choose_cluster
from prg_admin.topology.links import links_measure
from prg_admin.topology.models import Cluster

FLOW = "task-flow"
MEGABYTE = 1024 * 1024


@require_safe
@readers
def task_flow(request: HttpRequest) -> HttpResponse:
    chooser = choose_cluster(request.GET)
    context: dict[str, object] = {"chooser": chooser, "cluster": chooser.cluster}
    if chooser.cluster is not None:
        facts = cluster_facts(chooser.cluster, now=steady_now())
        found = steps(facts)
        context |= {
            "facts": facts,
            "steps": found,
            "next": next_step(found),
            "done": sum(step.is_done for step in found),
            "here": _address(chooser.cluster),
            "wanted_mbps": int(WANTED_MBPS),
            "wanted_rtt": int(WANTED_RTT_MS),
            "megabytes": LINK_BYTES // MEGABYTE,
        }
    status = 404 if chooser.unknown else 200
    template = "console/task_flow.html"
    return render_page(request, template, context, fragments=(FLOW,), status=status)


@require_POST
@serviceability
def task_flow_measure(request: HttpRequest) -> HttpResponse:
    """Has the links of a cluster measured; the page shows how far it is."""
    cluster = choose_cluster(request.POST).cluster
    if cluster is None or "cluster" not in request.POST:
        raise Http404
    count = links_measure(cluster=cluster, nodes=cluster_nodes(cluster), now=steady_now())
    if count:
        text = ngettext(
            "%(count)s link is being measured.", "%(count)s links are being measured.", count
        )
        messages.success(request, text % {"count": count})
    else:
        text = _("Nothing is measured: it is under way already, or there is no link yet.")
        messages.info(request, text)
    return redirect(_address(cluster))


def _address(cluster: Cluster) -> str:
    return f"{reverse('console:task-flow')}?cluster={cluster.pk}"
