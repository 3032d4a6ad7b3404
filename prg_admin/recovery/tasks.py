"""The engine's tasks: each may run twice, late, or on any worker."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import OperationalError

from prg_admin.lib import garbage
from prg_admin.lib.clock import steady_now
from prg_admin.lib.enqueue import enqueue
from prg_admin.recovery import cycle, limits, selfcheck
from prg_admin.recovery import sweep as sweeps
from prg_admin.recovery.evaluations import evaluations
from prg_admin.recovery.retention import past_prune, round_trips_take
from prg_admin.recovery.ticker import Ticker
from prg_admin.recovery.wakes import wakes
from prg_admin.topology.agents import agent_client

# A database that restarts, finds a deadlock or takes too long (``recovery.limits``) is tried again;
# all else is a fault to be seen.
RETRIES: dict[str, Any] = {
    "autoretry_for": (OperationalError,),
    "retry_backoff": 1,
    "retry_backoff_max": 5,
    "max_retries": 5,
}


@shared_task(name="recovery.sweep")
def sweep(**_: object) -> None:
    sweeps.sweep(now=steady_now())


@worker_ready.connect
def begin(sender: Any, **_: object) -> None:
    """Sweeps go on when beat is gone."""
    if limits.is_engine(sender.app):
        garbage.seldom()
        Ticker().start()


@shared_task(name="recovery.check", **RETRIES)
def check(**_: object) -> None:
    selfcheck.check(now=steady_now())


@shared_task(name="recovery.look_at", **RETRIES)
def look_at(*, node_ids: list[int], observe: bool = False, **_: object) -> None:
    busy = sweeps.look_at(node_ids, client=agent_client(), now=steady_now())
    for group_id in [] if observe else busy:
        enqueue("recovery.evaluate", group_id=group_id)


@shared_task(name="recovery.look", **RETRIES)
def look(*, node_id: int, **_: object) -> None:
    look_at(node_ids=[node_id])


@shared_task(name="recovery.evaluate", **RETRIES)
def evaluate(*, group_id: int, **_: object) -> None:
    evaluations.drive(group_id, lambda: _evaluate(group_id))


def _evaluate(group_id: int) -> None:
    outcome = cycle.advance(group_id, client=agent_client(), clock=steady_now)
    if outcome.wake_in is not None and wakes.ask(group_id, outcome.wake_in):
        enqueue("recovery.evaluate", countdown=outcome.wake_in, group_id=group_id)


@shared_task(name="recovery.sample", **RETRIES)
def sample(**_: object) -> None:
    round_trips_take(now=steady_now())


@shared_task(name="recovery.prune", **RETRIES)
def prune(**_: object) -> None:
    past_prune(now=steady_now())
