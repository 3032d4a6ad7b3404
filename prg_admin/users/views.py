"""User Management > Assign Presence Users."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from prg_admin.accounts.access import administrators, readers
from prg_admin.jobs.services import job_start
from prg_admin.lib.actor import actor_of
from prg_admin.lib.finding.csv import csv_response
from prg_admin.lib.finding.find import find
from prg_admin.lib.htmx import render_page
from prg_admin.topology.models import Cluster
from prg_admin.users import services
from prg_admin.users.choosing import (
    ClusterChoice,
    Selection,
    cluster_choice,
    selection_of,
    target_of,
)
from prg_admin.users.handlers import ASSIGN, REBALANCE
from prg_admin.users.listing import USERS, listed_users, user_rows
from prg_admin.users.plans import Plan, Seats, Target
from prg_admin.users.selectors import cluster_seats, waiting_users
from prg_admin.users.sentences import (
    mode_text,
    number,
    problem_text,
    queued_text,
    unplaced_text,
    waiting_text,
)

CHANGED = "users-changed"
UNPROCESSABLE = 422


@require_safe
@readers
def assign_list(request: HttpRequest) -> HttpResponseBase:
    found = find(request.GET, USERS, listed_users())
    if found.wants_csv:
        return csv_response(request, found, rows=user_rows)
    context = {
        "found": found,
        "rows": user_rows(found.page.object_list),
        "waiting": [(one, waiting_text(one)) for one in waiting_users()],
    }
    return render_page(request, "users/user_list.html", context, fragments=(CHANGED,))


@require_safe
@readers
def user(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(listed_users(), pk=pk)
    return render(request, "users/user.html", {"row": user_rows([found])[0]})


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def assign_users(request: HttpRequest) -> HttpResponse:
    """Where to; what that would do; and doing it, when it is confirmed."""
    data = request.POST if request.method == "POST" else request.GET
    selection = selection_of(data)
    choice = cluster_choice(selection, data.get("cluster", ""))
    context: dict[str, Any] = {"selection": selection, "choice": choice, "to": data.get("to", "")}
    status = 200
    if choice.chosen:
        seats = cluster_seats(choice.chosen[0])
        target = target_of(data.get("to", ""), seats)
        context |= {"seats": seats, "nodes": _offered(seats), "mode": mode_text(seats.mode)}
        if target:
            plan = services.assignment_plan(choice.chosen[0], selection.users, target)
            context |= plan_words(plan) | {"target": target}
            if request.method == "POST" and not plan.problems:
                return _assign(request, selection, choice, target)
        if request.method == "POST":
            status = UNPROCESSABLE
    return render(request, "users/assign.html", context, status=status)


def _offered(seats: Seats) -> list[tuple[str, str, str, int]]:
    """Group, name, key and users of each node that users may be assigned to."""
    users, keys = seats.layout.users, seats.node_ids
    return [
        (group.name, node, str(keys[node]), users.get(node, 0))
        for group in seats.layout.groups
        for node in group.nodes
    ]


def _assign(
    request: HttpRequest, selection: Selection, choice: ClusterChoice, target: Target
) -> HttpResponse:
    cluster_id, cluster_name, chosen = choice.chosen or (0, "", 0)
    if selection.is_all:
        parameters = {
            "cluster": cluster_id,
            "cluster_name": cluster_name,
            "query": selection.query,
            "way": target.way.value,
            "node": target.node,
        }
        return _start(request, ASSIGN, parameters, chosen)
    outcome = services.users_assign(
        cluster_id=cluster_id,
        users=selection.users,
        target=target,
        actor=actor_of(request),
    )
    _say(request, outcome)
    return redirect("users:assign")


def _start(request: HttpRequest, kind: str, parameters: dict[str, Any], total: int) -> HttpResponse:
    job = job_start(
        kind=kind, parameters=parameters, total=total, actor=actor_of(request), now=now()
    )
    return redirect("jobs:job", job.pk)


def _say(request: HttpRequest, outcome: services.Assigned | services.Refused) -> None:
    if isinstance(outcome, services.Refused):
        for problem in outcome.problems:
            messages.error(request, problem_text(problem))
        return
    text = ngettext("%(count)s user assigned.", "%(count)s users assigned.", outcome.users)
    messages.success(request, text % {"count": number(outcome.users)})
    if outcome.queued:
        messages.warning(request, queued_text(outcome.queued))


@require_http_methods(["GET", "HEAD", "POST"])
@administrators
def rebalance(request: HttpRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else request.GET
    clusters = list(Cluster.objects.order_by("name"))
    asked = data.get("cluster", "")
    chosen = next((c for c in clusters if str(c.pk) == asked), None)
    if chosen is None and len(clusters) == 1 and not asked:
        chosen = clusters[0]
    context: dict[str, Any] = {"clusters": clusters, "cluster": chosen}
    status = 200
    if chosen:
        plan = services.rebalance_plan(chosen.pk)
        context |= plan_words(plan) | {"mode": mode_text(plan.seats.mode)}
        if request.method == "POST" and not plan.problems and plan.changing:
            parameters = {"cluster": chosen.pk, "cluster_name": chosen.name}
            return _start(request, REBALANCE, parameters, plan.changing)
    if request.method == "POST":
        status = UNPROCESSABLE
    return render(request, "users/rebalance.html", context, status=status)


def plan_words(plan: Plan) -> dict[str, Any]:
    """A plan for the template: figures, and what forbids it."""
    return {
        "plan": plan,
        "problems": [problem_text(problem) for problem in plan.problems],
        "warnings": [
            *(problem_text(problem) for problem in plan.waiting_for),
            *([unplaced_text(plan.unplaced)] if plan.waiting_for else ()),
        ],
    }
