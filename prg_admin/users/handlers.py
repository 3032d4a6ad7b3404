"""Long work on users, as jobs: each step is one call of a service."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prg_admin.jobs.models import Job
from prg_admin.jobs.registry import Step
from prg_admin.topology.models import Cluster
from prg_admin.users.choosing import found_users
from prg_admin.users.plans import Code, Problem, Target, Way
from prg_admin.users.sentences import number, problem_text, queued_text
from prg_admin.users.services import Refused, users_assign, users_rebalance

ASSIGN, REBALANCE = "users.assign", "users.rebalance"
BATCH = 5_000
"""Users of one step: about a second."""


def refused(job: Job, problems: tuple[Problem, ...]) -> Step:
    told = [{"code": p.code.value, "values": dict(p.values)} for p in problems]
    return Step(job.done, job.position, refused=True, result={**job.result, "problems": told})


def cluster_gone(job: Job) -> Step:
    gone = Problem(Code.CLUSTER_GONE, {"cluster": job.parameters["cluster_name"]})
    return refused(job, (gone,))


def words_of(job: Job) -> list[tuple[str, str]]:
    problems = [Problem(Code(p["code"]), p["values"]) for p in job.result.get("problems", ())]
    found = [("error", problem_text(problem)) for problem in problems]
    if "assigned" in job.result:
        count = job.result["assigned"]
        text = ngettext(
            "%(users)s user has another home node than before.",
            "%(users)s users have another home node than before.",
            count,
        )
        found.append(("success" if job.is_finished else "info", text % {"users": number(count)}))
    return [*found, *queue_words(job.result.get("queued", 0))]


def queue_words(count: int) -> list[tuple[str, str]]:
    return [("warning", queued_text(count))] if count else []


class Assign:
    """Assign All Users: everybody found, in the order of their keys."""

    can_cancel = True

    def step(self, job: Job, *, now: datetime) -> Step:  # noqa: ARG002 - of the protocol
        asked, after = job.parameters, job.position.get("after", 0)
        users = found_users(asked["query"], asked["cluster"]).filter(pk__gt=after)
        keys = list(users.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not keys:
            return Step(job.done, job.position, total=job.done, finished=True)
        try:
            outcome = users_assign(
                cluster_id=asked["cluster"],
                users=users.filter(pk__lte=keys[-1]),
                target=Target(Way(asked["way"]), asked["node"]),
                actor=job.asked_by,
            )
        except Cluster.DoesNotExist:
            return cluster_gone(job)
        if isinstance(outcome, Refused):
            return refused(job, outcome.problems)
        done = job.done + len(keys)
        result = {
            "assigned": job.result.get("assigned", 0) + outcome.users,
            "queued": job.result.get("queued", 0) + outcome.queued,
        }
        total, position = max(job.total, done), {"after": keys[-1]}
        return Step(done, position, total=total, result=result)

    def title(self, job: Job) -> str:
        return _("Assign users of %(cluster)s: %(target)s") % {
            "cluster": job.parameters["cluster_name"],
            "target": target_text(job.parameters),
        }

    def words(self, job: Job) -> list[tuple[str, str]]:
        return words_of(job)


class Rebalance:
    can_cancel = True

    def step(self, job: Job, *, now: datetime) -> Step:  # noqa: ARG002 - of the protocol
        cluster = job.parameters["cluster"]
        try:
            outcome = users_rebalance(cluster_id=cluster, actor=job.asked_by, most=BATCH)
        except Cluster.DoesNotExist:
            return cluster_gone(job)
        if isinstance(outcome, Refused):
            return refused(job, outcome.problems)
        done = job.done + outcome.users
        if not outcome.users:
            return Step(done, total=done, finished=True, result={"assigned": done})
        return Step(done, total=max(job.total, done), result={"assigned": done})

    def title(self, job: Job) -> str:
        return _("Rebalance users of %(cluster)s") % {"cluster": job.parameters["cluster_name"]}

    def words(self, job: Job) -> list[tuple[str, str]]:
        return words_of(job)


def target_text(asked: dict[str, Any]) -> str:
    if asked["way"] == Way.NODE:
        return str(asked["node"])
    return _("unassigned") if asked["way"] == Way.UNASSIGNED else _("by the assignment mode")
