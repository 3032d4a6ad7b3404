"""System > Presence Topology."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.lib.htmx import render_page
from prg_admin.topology.tree import clusters_with_users, topology_tree

TREE = "topology-tree"
CLUSTERS_PER_PAGE = 20


@require_safe
@readers
def presence_topology(request: HttpRequest) -> HttpResponse:
    page = Paginator(clusters_with_users(), CLUSTERS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tree": topology_tree(page.object_list, now=now()),
        "here": f"{reverse('topology:presence-topology')}?page={page.number}",
    }
    template = "topology/presence_topology.html"
    return render_page(request, template, context, fragments=(TREE,))
