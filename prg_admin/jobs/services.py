"""Jobs are started, cancelled and worked on here.

One worker has a job at a time: it holds the row's lock during a step, and between two steps the job
stays its own while ``stepped_at`` is young. A worker that was killed leaves the row unlocked and
the time grows old; then the next one takes the job over and notes it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import OperationalError, transaction

from prg_admin.jobs.models import UNFINISHED, Job, State
from prg_admin.jobs.registry import Step, handler_of
from prg_admin.lib.actor import Actor
from prg_admin.lib.enqueue import enqueue
from prg_admin.live.news import announce

logger = logging.getLogger(__name__)

STALE = timedelta(seconds=10)
"""Without a step, and without the lock of one: whoever had the job is gone."""
MOST_RESUMED = 5
"""A job that kills worker after worker is given up."""
KEPT = timedelta(days=30)


class Progress(StrEnum):
    """What came of one call of ``job_step``."""

    GOES_ON = "goes on"
    FINISHED = "finished"
    ELSEWHERE = "elsewhere"
    """Another worker has it, or it is over."""


def job_start(
    *, kind: str, parameters: dict[str, Any], total: int, actor: Actor, now: datetime
) -> Job:
    job = Job.objects.create(
        kind=kind,
        parameters=parameters,
        total=total,
        actor=actor.name,
        address=actor.address or None,
        created_at=now,
        stepped_at=now,
    )
    enqueue("jobs.run", job_id=job.pk)
    _tell(job)
    return job


@transaction.atomic
def job_cancel(*, job_id: int, now: datetime) -> bool:
    """Between two steps; what is done stays done. Raises ``Job.DoesNotExist``."""
    job = Job.objects.select_for_update().get(pk=job_id)
    if job.is_finished or not handler_of(job).can_cancel:
        return False
    job.cancel_requested = True
    if job.state == State.QUEUED:
        _finish(job, State.CANCELLED, now)
    job.save()
    _tell(job)
    return True


def job_step(*, job_id: int, run: str, now: datetime) -> Progress:
    """One step, with its progress in the same transaction."""
    try:
        with transaction.atomic():
            return _step(job_id, run, now)
    except OperationalError:
        raise  # the database went away: the sweep comes back to it
    except Exception:
        logger.exception("Job %s has failed", job_id)
        _fail(job_id, now)
        return Progress.FINISHED


def _step(job_id: int, run: str, now: datetime) -> Progress:
    job = Job.objects.select_for_update(skip_locked=True).filter(pk=job_id).first()
    if job is None or job.is_finished or not _take(job, run, now):
        return Progress.ELSEWHERE
    if job.state == State.RUNNING and job.cancel_requested:
        _finish(job, State.CANCELLED, now)
    elif job.resumed > MOST_RESUMED:
        _finish(job, State.FAILED, now)
    else:
        _advance(job, handler_of(job).step(job, now=now), now)
    job.save()
    _tell(job)
    return Progress.FINISHED if job.is_finished else Progress.GOES_ON


def _take(job: Job, run: str, now: datetime) -> bool:
    if job.run == run:
        return True
    if job.state == State.RUNNING:
        if now - job.stepped_at < STALE:
            return False
        job.resumed += 1
        job.resumed_at, job.resumed_done = now, job.done
        logger.warning("Job %s is taken over at %s of %s", job.pk, job.done, job.total)
    job.run = run
    job.state = State.RUNNING
    job.started_at = job.started_at or now
    return True


def _advance(job: Job, step: Step, now: datetime) -> None:
    job.done, job.position, job.stepped_at = step.done, step.position, now
    if step.total is not None:
        job.total = step.total
    if step.result is not None:
        job.result = step.result
    if step.refused:
        _finish(job, State.REFUSED, now)
    elif step.finished:
        _finish(job, State.DONE, now)


def _fail(job_id: int, now: datetime) -> None:
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        if not job.is_finished:
            job.started_at = job.started_at or now
            _finish(job, State.FAILED, now)
            job.save()
            _tell(job)


def _finish(job: Job, state: State, now: datetime) -> None:
    job.state, job.finished_at = state, now


def jobs_stale(*, now: datetime) -> list[int]:
    """Unfinished jobs on which nobody works. One whose step lasts long is locked and left alone."""
    with transaction.atomic():
        found = Job.objects.select_for_update(skip_locked=True).filter(state__in=UNFINISHED)
        return list(found.filter(stepped_at__lt=now - STALE).values_list("pk", flat=True))


def jobs_prune(*, now: datetime) -> int:
    deleted, _by_model = Job.objects.filter(finished_at__lt=now - KEPT).delete()
    return deleted


def _tell(job: Job) -> None:
    announce("jobs", f"job-{job.pk}")
