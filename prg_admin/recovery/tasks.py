"""The engine's tasks: each may run twice, late, or on any worker."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from prg_admin.lib.enqueue import enqueue
from prg_admin.recovery import cycle
from prg_admin.recovery import sweep as sweeps
from prg_admin.topology.agents import agent_client

# A database that restarts or finds a deadlock is tried again; all else is a fault to be seen.
RETRIES: dict[str, Any] = {
    "autoretry_for": (OperationalError,),
    "retry_backoff": 1,
    "retry_backoff_max": 5,
    "max_retries": 5,
}


@shared_task(name="recovery.sweep")
def sweep(**_: object) -> None:
    sweeps.sweep(now=timezone.now())


@shared_task(name="recovery.look_at", **RETRIES)
def look_at(*, node_ids: list[int], **_: object) -> None:
    for group_id in sweeps.look_at(node_ids, client=agent_client(), now=timezone.now()):
        enqueue("recovery.evaluate", group_id=group_id)


@shared_task(name="recovery.look", **RETRIES)
def look(*, node_id: int, **_: object) -> None:
    look_at(node_ids=[node_id])


@shared_task(name="recovery.evaluate", **RETRIES)
def evaluate(*, group_id: int, **_: object) -> None:
    outcome = cycle.advance(group_id, client=agent_client(), clock=timezone.now)
    if outcome.wake_in is not None:
        enqueue("recovery.evaluate", countdown=outcome.wake_in, group_id=group_id)
