"""Assign Presence Users > Import: a file is read, looked at, and then carried out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from prg_admin.accounts.access import administrators
from prg_admin.jobs.services import job_start
from prg_admin.lib.actor import actor_of
from prg_admin.topology.models import Cluster
from prg_admin.users.import_handler import IMPORT
from prg_admin.users.imports import import_plan, import_stage
from prg_admin.users.models import UserImport
from prg_admin.users.selectors import assignment_mode
from prg_admin.users.sentences import fault_text, mode_text, number, problem_text

MOST_BYTES = 20_000_000
CONFLICT, UNPROCESSABLE = 409, 422


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def import_file(request: HttpRequest) -> HttpResponse:
    clusters = list(Cluster.objects.order_by("name"))
    context: dict[str, Any] = {"clusters": clusters}
    if request.method != "POST":
        return render(request, "users/import.html", context)
    file, asked = request.FILES.get("file"), request.POST.get("cluster", "")
    cluster = next((c for c in clusters if str(c.pk) == asked), None)
    if cluster is None:
        context["error"] = _("Cluster: choose one of the list.")
    elif file is None:
        context["error"] = _("File: choose a CSV file.")
    elif (file.size or 0) > MOST_BYTES:
        values = {"size": number(file.size or 0), "limit": number(MOST_BYTES)}
        text = _("File: it has %(size)s bytes; at most %(limit)s are read.")
        context["error"] = text % values
    else:
        staged = import_stage(
            cluster=cluster,
            file_name=file.name or "",
            content=file.read(),
            actor=actor_of(request),
            now=now(),
        )
        return redirect("users:import-preview", staged.pk)
    return render(request, "users/import.html", context | {"chosen": asked}, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def import_preview(request: HttpRequest, import_pk: int) -> HttpResponse:
    staged = get_object_or_404(UserImport.objects.select_related("cluster"), pk=import_pk)
    plan = import_plan(staged)
    is_ready = not (staged.fault_count or plan.problems or staged.started_at)
    if request.method == "POST" and is_ready and _claim(staged):
        return _start(request, staged)
    context = {
        "staged": staged,
        "plan": plan,
        "is_ready": is_ready,
        "unchanged": staged.lines - plan.sizes.new - plan.sizes.changed,
        "mode": mode_text(assignment_mode(staged.cluster_id)),
        "problems": [problem_text(problem) for problem in plan.problems],
        "waiting_for": [problem_text(problem) for problem in plan.waiting_for],
        "faults": [(f["line"], fault_text(f["fault"], f["values"])) for f in staged.faults],
    }
    status = CONFLICT if request.method == "POST" else 200
    return render(request, "users/import_preview.html", context, status=status)


def _claim(staged: UserImport) -> bool:
    """Of two who confirm at the same time one starts it."""
    mine = UserImport.objects.filter(pk=staged.pk, started_at=None)
    return mine.update(started_at=now()) == 1


def _start(request: HttpRequest, staged: UserImport) -> HttpResponse:
    parameters = {
        "import": staged.pk,
        "cluster": staged.cluster_id,
        "cluster_name": staged.cluster.name,
        "file": staged.file_name,
        "lines": staged.lines,
    }
    job = job_start(
        kind=IMPORT, parameters=parameters, total=staged.lines, actor=actor_of(request), now=now()
    )
    return redirect("jobs:job", job.pk)
