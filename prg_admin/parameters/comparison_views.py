"""Related pages of the service parameters: for all servers, out of sync, modified; and the help."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prg_admin.accounts.access import readers
from prg_admin.domain import catalogue
from prg_admin.lib.finding.plain import PlainList
from prg_admin.lib.htmx import render_page
from prg_admin.lib.parameter_sentences import allowed_values, amount
from prg_admin.parameters.access import choose_cluster
from prg_admin.parameters.comparison import Compared, Show, compared

TABLE = "compared-values"
PARAMETERS_PER_PAGE = 10
NAMES = {
    Show.ALL: "parameters:all-servers",
    Show.OUT_OF_SYNC: "parameters:out-of-sync",
    Show.MODIFIED: "parameters:modified",
}
SERVICES = tuple(
    dict.fromkeys(p.service for p in catalogue.PARAMETERS if p.service != catalogue.ENTERPRISE)
)
"""Those that have parameters."""


@require_safe
@readers
def all_servers(request: HttpRequest) -> HttpResponseBase:
    return _compare(request, Show.ALL)


@require_safe
@readers
def out_of_sync(request: HttpRequest) -> HttpResponseBase:
    return _compare(request, Show.OUT_OF_SYNC)


@require_safe
@readers
def modified(request: HttpRequest) -> HttpResponseBase:
    return _compare(request, Show.MODIFIED)


def _compare(request: HttpRequest, show: Show) -> HttpResponseBase:
    chooser = choose_cluster(request.GET)
    service = request.GET.get("service", "") or SERVICES[0]
    unknown = chooser.unknown or ("" if service in SERVICES else service)
    cluster = None if unknown else chooser.cluster
    shown = compared(cluster, service, show) if cluster else []
    parts = (("cluster", str(cluster.pk if cluster else "")), ("service", service))
    found = PlainList(f"parameters-{show.value}", request.GET.get("view", ""), parts)
    if found.wants_csv and cluster:
        return _file(request, found, shown)
    per_page = max(PARAMETERS_PER_PAGE, len(shown) if found.is_print else 0)
    page = Paginator(shown, per_page).get_page(request.GET.get("page"))
    query = found.query
    here = reverse(NAMES[show])
    context = {
        "found": found,
        "show": show.value,
        "chooser": chooser,
        "cluster": cluster,
        "services": SERVICES,
        "service": service,
        "unknown": unknown,
        "page": page,
        "query": query,
        "page_url": here,
        "here": f"{here}?{query}&page={page.number}",
        "others": [f"{reverse(name)}?{query}" for name in NAMES.values()],
    }
    status = 404 if unknown else 200
    template = "parameters/all_servers.html"
    return render_page(request, template, context, fragments=(TABLE,), status=status)


def _file(request: HttpRequest, found: PlainList, shown: list[Compared]) -> HttpResponseBase:
    """One line for each parameter, one column for each server."""
    servers = [value.node.name for value in shown[0].values] if shown else []
    headings = [_("Parameter Name"), _("(Clusterwide)"), _("Suggested Value"), *servers]
    rows = (
        [one.label, one.parameter.clusterwide, one.suggested, *(v.shown for v in one.values)]
        for one in shown
    )
    return found.csv_response(request, headings, rows)


@dataclass(frozen=True, slots=True)
class HelpText:
    name: str
    label: str
    section: str
    text: str
    suggested: str
    allowed: str
    clusterwide: bool


@require_safe
@readers
def parameter_help(request: HttpRequest) -> HttpResponse:
    """What every parameter of a service is for; ``#<name>`` leads to one of them."""
    service = request.GET.get("service", "") or SERVICES[0]
    texts = [
        HelpText(
            name=p.name,
            label=_(p.label),
            section=_(p.section),
            text=_(p.help),
            suggested=amount(p, p.default),
            allowed=allowed_values(p),
            clusterwide=p.clusterwide,
        )
        for p in catalogue.parameters_of(service)
    ]
    known = service in (*SERVICES, catalogue.ENTERPRISE)
    context = {"service": service, "texts": texts, "known": known}
    return render(request, "parameters/help.html", context, status=200 if known else 404)
