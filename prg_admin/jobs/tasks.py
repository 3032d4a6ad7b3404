from __future__ import annotations

from time import monotonic
from typing import Any
from uuid import uuid4

from celery import shared_task
from django.utils.timezone import now

from prg_admin.jobs.services import Progress, job_step, jobs_prune, jobs_stale
from prg_admin.lib.enqueue import enqueue

TURN_S = 20.0
"""Then the job goes to the end of the queue: a worker that is to stop need not wait for all of it,
and the broker does not take the task for lost."""


@shared_task(name="jobs.run")
def run(*, job_id: int, token: str = "", **_more: Any) -> None:
    """Steps of one job; ``token`` is that of the turn before."""
    token, until = token or uuid4().hex, monotonic() + TURN_S
    progress = Progress.GOES_ON
    while progress is Progress.GOES_ON and monotonic() < until:
        progress = job_step(job_id=job_id, run=token, now=now())
    if progress is Progress.GOES_ON:
        enqueue("jobs.run", job_id=job_id, token=token)


@shared_task(name="jobs.sweep")
def sweep(**_more: Any) -> None:
    """Whose worker was killed, or whose message was lost, is begun again where it was."""
    for job_id in jobs_stale(now=now()):
        enqueue("jobs.run", job_id=job_id)


@shared_task(name="jobs.prune")
def prune(**_more: Any) -> None:
    jobs_prune(now=now())
