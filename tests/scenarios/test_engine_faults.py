"""The engine is paused, doubled, and its database is slow or breaks a transaction off."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import psycopg
import pytest
import redis

from prg_admin.launcher.config import ROOT
from tests.scenarios.extras import another_beat, another_worker
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation
from tests.scenarios.pair import NORMAL, WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

pytestmark = pytest.mark.processes

BACKUP = "Running in Backup Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
SERVICE_DOWN = "Critical Service Down"
FAILOVER = ["service-down", "next-order", "take-over-done"]
LOCK_REPORT = "select 1 from topology_nodereport where node_id = %s for update"
LOCK_GROUP = "select 1 from groups_presenceredundancygroup where id = %s for update"
GROUP_IS_FREE = "select 1 from groups_presenceredundancygroup where id = %s for update skip locked"
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


def empty_broker(installation: Installation) -> None:
    with contextlib.closing(redis.Redis.from_url(installation.redis_url)) as link:
        link.flushdb()


@pytest.mark.fault("F14")
def test_f14_a_worker_that_was_paused_moves_nobody(installation: Installation, pair: WatchedPair):
    before = installation.last_event()
    installation.freeze("worker")
    pair.stays_normal(seconds=30)
    installation.thaw("worker")
    pair.stays_normal(seconds=8)
    assert pair.rules(after=before) == []


@pytest.mark.fault("F14")
def test_f14_what_happened_while_the_worker_was_paused_is_seen_to_afterwards(
    installation: Installation, pair: WatchedPair
):
    before = installation.last_event()
    installation.freeze("worker")
    installation.kill_service("imp1")
    pair.stays_normal(seconds=10)
    installation.thaw("worker")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    assert pair.rules(after=before) == FAILOVER


def test_what_takes_for_ever_in_the_other_queue_holds_up_no_heartbeat(
    installation: Installation, pair: WatchedPair
):
    before = installation.last_event()
    installation.freeze("chores")
    for _ in range(5):
        run_later(installation, "audit.prune")
    installation.kill_service("imp1")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    installation.thaw("chores")
    assert pair.rules(after=before) == FAILOVER


def run_later(installation: Installation, task: str) -> None:
    """As the house sends it: by its name, into the queue of its kind."""
    code = f"from prg_admin.celery import app; app.send_task({task!r})"
    subprocess.run([sys.executable, "-c", code], env=installation.env, cwd=ROOT, check=True)


@pytest.mark.fault("F15")
def test_f15_two_beats_and_four_workers_make_one_transition(
    installation: Installation, pair: WatchedPair, person: Person, timed: Timed
):
    worst = pair.worst_case().service
    with contextlib.ExitStack() as stack:
        for number in range(3):
            stack.enter_context(another_worker(installation, f"worker-{number}"))
        stack.enter_context(another_beat(installation, "beat-2"))
        before = installation.last_event()
        with timed("F15", worst):
            installation.kill_service("imp1")
            pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
        pair.stays(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN, seconds=3)
        assert pair.rules(after=before) == FAILOVER
        person.start_service("imp1")
        pair.becomes("Failed Over", BACKUP, reason=SERVICE_DOWN)
        before = installation.last_event()
        person.ask_for("fallback", "imp1")
        pair.becomes_normal()
        pair.stays_normal(seconds=3)
        rules = pair.rules(after=before)
        assert (rules[0], rules[-1]) == ("fallback-asked", "fall-back-done")
        assert len(set(rules) - {"next-order"}) == len([r for r in rules if r != "next-order"])


@pytest.mark.fault("F17")
def test_f17_an_emptied_broker_costs_no_failover_and_hides_none(
    installation: Installation, pair: WatchedPair, timed: Timed
):
    before = installation.last_event()
    empty_broker(installation)
    pair.stays_normal(seconds=5)
    assert pair.rules(after=before) == []
    with timed("F17", pair.worst_case().service):
        installation.kill_service("imp1")
        empty_broker(installation)
        pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)


@pytest.mark.fault("F18")
def test_f18_a_slow_database_delays_a_failover_and_leaves_nothing_half(
    installation: Installation, pair: WatchedPair, person: Person
):
    before = installation.last_event()
    with psycopg.connect(installation.database_url) as link:
        link.execute(LOCK_GROUP, [installation.group_id(pair.group)])
        installation.kill_service("imp1")
        pair.stays(NORMAL, NORMAL, reason=NORMAL, seconds=8)
        assert pair.rules(after=before) == []
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    assert pair.rules(after=before) == FAILOVER


@pytest.mark.fault("F18")
def test_f18_a_transaction_that_falls_victim_to_a_deadlock_is_tried_again(
    installation: Installation, pair: WatchedPair
):
    """The engine holds the group and wants the report; we hold the report and want the group."""
    before = installation.last_event()
    group, node = installation.group_id(pair.group), installation.node_id("imp1")
    then = installation.query(DEADLOCKS)[0]["deadlocks"]
    with psycopg.connect(installation.database_url) as link:
        link.execute("set deadlock_timeout = '30s'")  # the engine finds it first
        link.execute(LOCK_REPORT, [node])
        installation.kill_service("imp1")  # called in, so the engine looks at the group
        wait_until(lambda: not installation.query(GROUP_IS_FREE, group), "the engine is caught")
        link.execute(LOCK_GROUP, [group])
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    assert pair.rules(after=before) == FAILOVER
    wait_until(
        lambda: installation.query(DEADLOCKS)[0]["deadlocks"] > then, "the deadlock is counted"
    )
