"""The import as a job: the whole file in one step, then homes for the new users by the mode."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from prg_admin.jobs.models import Job
from prg_admin.jobs.registry import Step
from prg_admin.topology.models import Cluster
from prg_admin.users import handlers
from prg_admin.users.imports import import_apply
from prg_admin.users.models import PresenceUser, UserImport
from prg_admin.users.plans import Target, Way
from prg_admin.users.sentences import number
from prg_admin.users.services import Assigned, Refused, users_assign
from prg_admin.users.staging import Merged

IMPORT = "users.import"


def merged_step(merged: Merged, lines: int) -> Step:
    """After the merge: those who were added get their homes next."""
    result = {"added": merged.added, "changed": merged.changed, "unplaced": 0}
    position = {"after": merged.after, "upto": merged.upto}
    return Step(lines, position, lines + merged.added, result=result)


def homes_step(job: Job) -> Step:
    """The next of those who were added; whom the mode cannot place stays unassigned."""
    cluster = job.parameters["cluster"]
    after, upto = job.position["after"], job.position["upto"]
    users = PresenceUser.objects.filter(cluster_id=cluster, pk__gt=after, pk__lte=upto)
    keys = list(users.order_by("pk").values_list("pk", flat=True)[: handlers.BATCH])
    if not keys:
        return Step(job.done, job.position, job.done, finished=True)
    result = dict(job.result)
    new = users.filter(pk__lte=keys[-1])
    outcome = users_assign(
        cluster_id=cluster, users=new, target=Target(Way.MODE), actor=job.asked_by
    )
    assigned, queued = (outcome.users, outcome.queued) if isinstance(outcome, Assigned) else (0, 0)
    licensed = new.filter(is_licensed=True).count()
    result["assigned"] = result.get("assigned", 0) + assigned
    result["queued"] = result.get("queued", 0) + queued
    result["unplaced"] += licensed - assigned - queued
    return Step(job.done + len(keys), {**job.position, "after": keys[-1]}, result=result)


def merged_words(job: Job) -> list[tuple[str, str]]:
    found = handlers.words_of(job)
    if "added" in job.result:
        values = {k: number(job.result[k]) for k in ("added", "changed", "unplaced")}
        text = _("Users added: %(added)s. Users changed: %(changed)s.")
        found.insert(0, ("success", text % values))
        if job.result["unplaced"]:
            text = _("Users for whom there was no place, and who are unassigned: %(unplaced)s.")
            found.append(("warning", text % values))
    return found


class Import:
    can_cancel = True

    def step(self, job: Job, *, now: datetime) -> Step:  # noqa: ARG002 - of the protocol
        try:
            return homes_step(job) if job.position else self._apply(job)
        except (UserImport.DoesNotExist, Cluster.DoesNotExist):
            return handlers.cluster_gone(job)

    def _apply(self, job: Job) -> Step:
        outcome = import_apply(import_id=job.parameters["import"], actor=job.asked_by)
        if isinstance(outcome, Refused):
            return handlers.refused(job, outcome.problems)
        return merged_step(outcome, job.parameters["lines"])

    def title(self, job: Job) -> str:
        asked = job.parameters
        return _("Import %(file)s to %(cluster)s") % {
            "file": asked["file"],
            "cluster": asked["cluster_name"],
        }

    def words(self, job: Job) -> list[tuple[str, str]]:
        return merged_words(job)
