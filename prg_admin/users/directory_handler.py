"""Synchronising with a directory as a job; the steps are those of ``directory_sync``."""

from __future__ import annotations

import logging
from datetime import datetime
from time import monotonic
from typing import Any

from django.utils.translation import gettext as _

from prg_admin.jobs.models import Job
from prg_admin.jobs.registry import Step
from prg_admin.live.news import announce
from prg_admin.topology.models import Cluster
from prg_admin.users import handlers
from prg_admin.users.directory_sentences import result_words
from prg_admin.users.directory_sync import (
    Reading,
    directory_merge,
    reading_begin,
    reading_go_on,
)
from prg_admin.users.import_handler import homes_step, merged_step
from prg_admin.users.ldap_client import Failed
from prg_admin.users.models import Directory, UserImport

logger = logging.getLogger(__name__)

STEP_S = 1.0
WHOLE_S = 3600.0
"""When the connection was lost twice between two steps, the third attempt reads in one."""
MOST_LOST = 2
FORGOTTEN_S = 120.0
READ, MERGE, HOMES = "read", "merge", "homes"

_readings: dict[int, Reading] = {}
"""By job; each worker knows its own."""


class Sync:
    can_cancel = True

    def step(self, job: Job, *, now: datetime) -> Step:
        phase = job.position.get("phase", READ)
        try:
            if phase == READ:
                return self._read(job, now)
            if phase == MERGE:
                return self._merge(job)
            return self._homes(job, now)
        except Failed as failed:
            _forget(job.pk)
            cluster, why = job.parameters["cluster_name"], failed.trouble.value
            logger.warning("Directory of %s could not be read: %s", cluster, why)
            result = {"trouble": failed.trouble.value, "detail": failed.detail[:200]}
            return _ended(job, now, Step(job.done, job.position, refused=True, result=result))
        except (Directory.DoesNotExist, UserImport.DoesNotExist, Cluster.DoesNotExist):
            _forget(job.pk)
            return handlers.cluster_gone(job)

    def _read(self, job: Job, now: datetime) -> Step:
        directory = Directory.objects.get(pk=job.parameters["directory"])
        reading, lost = _readings.get(job.pk), job.position.get("lost", 0)
        if reading and (reading.run, reading.read) != (job.run, job.position.get("read")):
            _forget(job.pk)
            reading = None
        if reading is None:
            lost += "read" in job.position
            _forget_old()
            reading = reading_begin(directory, run=job.run, actor=job.asked_by, now=now)
            _readings[job.pk] = reading
        reading_go_on(reading, seconds=WHOLE_S if lost >= MOST_LOST else STEP_S)
        reading.stepped = monotonic()
        is_over = reading.search.is_over
        position = {
            "phase": MERGE if is_over else READ,
            "staged": reading.staged_id,
            "read": reading.read,
            "lost": lost,
        }
        if is_over:
            _forget(job.pk)
        total = reading.read if is_over else max(job.total, reading.read + 1)
        return Step(reading.read, position, total, result={"found": reading.read})

    def _merge(self, job: Job) -> Step:
        staged = UserImport.objects.select_related("directory").get(pk=job.position["staged"])
        outcome = directory_merge(
            staged=staged, may_remove=job.parameters["may_remove"], actor=job.asked_by
        )
        step = merged_step(outcome.merged, staged.lines)
        result = (step.result or {}) | {
            "found": staged.lines,
            "known": outcome.known,
            "gone": outcome.gone,
            "removed": outcome.removed,
            "held": outcome.is_held,
            "limit": staged.directory.most_removed if staged.directory else 0,
            "faults": staged.faults,
            "fault_count": staged.fault_count,
        }
        staged.delete()
        position = {"phase": HOMES, **step.position}
        return Step(step.done, position, step.total, result=result)

    def _homes(self, job: Job, now: datetime) -> Step:
        step = homes_step(job)
        return _ended(job, now, step) if step.finished else step

    def title(self, job: Job) -> str:
        return _("Synchronise %(cluster)s with %(server)s") % {
            "cluster": job.parameters["cluster_name"],
            "server": job.parameters["server"],
        }

    def words(self, job: Job) -> list[tuple[str, str]]:
        problems = handlers.words_of(job) if "problems" in job.result else []
        return [*problems, *result_words(job.result)]


def _ended(job: Job, now: datetime, step: Step) -> Step:
    """The directory keeps what came of it: jobs are forgotten after a month."""
    result: dict[str, Any] = step.result if step.result is not None else job.result
    Directory.objects.filter(pk=job.parameters["directory"]).update(
        result={**result, "job": job.pk}, result_at=now
    )
    announce("directories")
    return step


def _forget(job_id: int) -> None:
    reading = _readings.pop(job_id, None)
    if reading:
        reading.search.close()


def _forget_old() -> None:
    """Of jobs that were cancelled, or that another worker went on with."""
    late = monotonic() - FORGOTTEN_S
    over = Job.objects.filter(pk__in=list(_readings), finished_at__isnull=False)
    gone = set(over.values_list("pk", flat=True))
    for job_id in [pk for pk, one in _readings.items() if pk in gone or one.stepped < late]:
        _forget(job_id)
