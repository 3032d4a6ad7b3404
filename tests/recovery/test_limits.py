"""A task of the engine never waits without an end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper

from prg_admin.celery import app
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.recovery import limits, tasks
from tests.recovery.agents import SimPair, create_sim_pair
from tests.recovery.threads import workers

pytestmark = pytest.mark.django_db(transaction=True)

S = NodeState


@contextmanager
def limited(lock: str = "5s") -> Iterator[Any]:
    """A connection of this thread, as an engine's worker opens it."""
    former, settings = connections["default"], deepcopy(connections.settings["default"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(limits.LIMITS, "lock_timeout", lock)
        limits.bound(settings)
    settings["OPTIONS"].pop("pool", None)
    connections["default"] = own = DatabaseWrapper(settings, "default")
    try:
        yield own
    finally:
        own.close()
        connections["default"] = former


@pytest.mark.parametrize("name", limits.LIMITS)
def test_an_engines_connection_brings_the_limits_along(name: str):
    with limited() as own, own.cursor() as cursor:
        cursor.execute(f"show {name}")
        assert cursor.fetchone() == (limits.LIMITS[name],)


@pytest.fixture
def pair(transactional_db: None, broker) -> SimPair:
    pair = create_sim_pair()
    pair.run(1)
    return pair


def advance_limited(pair: SimPair) -> None:
    with limited(lock="200ms"):
        pair.advance()


def test_a_locked_group_lets_the_task_fail_whole_and_the_next_look_finds_it(pair: SimPair):
    before = pair.group_version()
    pair.lose_service(0)
    pair.pass_time(2)
    with transaction.atomic():
        PresenceRedundancyGroup.objects.select_for_update().get(pk=pair.group_id)
        with workers(1) as begin, pytest.raises(OperationalError, match="lock timeout"):
            begin(advance_limited, pair).result(30)
    assert pair.events(after=before) == []
    pair.advance()
    assert pair.fired(after=before) == ["service-down", "take-over-done"]


@pytest.mark.parametrize("task", [tasks.look_at, tasks.look, tasks.evaluate])
def test_what_ran_out_is_tried_again(task: Any):
    assert OperationalError in task.autoretry_for
    assert task.max_retries


def own_tasks() -> list[Any]:
    app.loader.import_default_modules()
    return [task for name, task in app.tasks.items() if not name.startswith("celery.")]


def test_a_task_is_acknowledged_only_when_it_is_done():
    """A worker that dies gives it back; so each may run twice."""
    assert {task.name.partition(".")[0] for task in own_tasks()} >= {"recovery", "notify", "jobs"}
    assert [task.name for task in own_tasks() if not task.acks_late] == []
    assert [task.name for task in own_tasks() if not task.reject_on_worker_lost] == []


def test_the_engine_has_a_queue_of_its_own():
    for task in own_tasks():
        queue = app.amqp.router.route({}, task.name)["queue"].name
        assert (queue == limits.QUEUE) is task.name.startswith("recovery."), task.name


class Worker:
    def __init__(self, *queues: str) -> None:
        self.app = self
        self.amqp = self
        self.queues = self
        self.consume_from = dict.fromkeys(queues)


@pytest.mark.parametrize(("queue", "bounded"), [("recovery", True), ("default", False)])
def test_only_the_engines_worker_is_hurried(monkeypatch, queue: str, bounded: bool):
    settings: dict[str, Any] = {"OPTIONS": {}}
    monkeypatch.setitem(connections.settings, "default", settings)
    limits.bound_the_engine(instance=Worker(queue))
    assert ("options" in settings["OPTIONS"]) is bounded
