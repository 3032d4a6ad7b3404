"""The engine's own processes die: another one goes on from what the database holds."""

from __future__ import annotations

from datetime import datetime

import psycopg
import pytest

from prg_admin.domain import catalogue
from tests.scenarios.installation import Installation, is_alive
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

pytestmark = pytest.mark.processes

BACKUP = "Running in Backup Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
SERVICE_DOWN = "Critical Service Down"
ON_REQUEST = "On Admin Request"
PATIENT = {catalogue.TRANSITION_DEADLINE: "300"}
"""Starting a worker may take longer than the demo's deadline when the machine is busy."""
WAITS_FOR_LOCK = "select 1 from pg_stat_activity where wait_event_type = 'Lock'"
LOCK = "select 1 from groups_presenceredundancygroup where name = %s for update"


def test_a_failover_asked_for_while_no_worker_runs_is_made_by_the_next_one(
    installation: Installation, pair: WatchedPair, person: Person
):
    person.set_parameters("imp1", PATIENT)
    installation.stop("worker")
    installation.manage("utils", "ha", "failover", "imp1")
    pair.stays("Failing Over", "Taking Over", reason=ON_REQUEST, seconds=1)
    installation.start("worker")
    pair.becomes("Idle", BACKUP, reason=ON_REQUEST)
    pair.everybody_is_at("imp2")


def test_a_failover_that_nobody_drove_for_longer_than_its_deadline_is_made_all_the_same(
    installation: Installation, pair: WatchedPair, person: Person
):
    person.set_parameters("imp1", {catalogue.TRANSITION_DEADLINE: "10"})
    installation.stop("worker")
    person.ask_for("failover", "imp1")
    pair.stays("Failing Over", "Taking Over", reason=ON_REQUEST, seconds=11)
    installation.start("worker")
    pair.becomes("Idle", BACKUP, reason=ON_REQUEST)
    pair.everybody_is_at("imp2")


@pytest.mark.fault("F16")
def test_a_worker_killed_before_it_could_record_a_failover_is_replaced(
    installation: Installation, pair: WatchedPair
):
    with psycopg.connect(installation.database_url) as link:
        link.execute(LOCK, [pair.group])
        installation.kill_service("imp1")
        wait_until(lambda: installation.query(WAITS_FOR_LOCK), "the worker wants to record")
        installation.kill("worker")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")


@pytest.mark.fault("F16")
def test_a_worker_killed_right_after_it_recorded_a_failover_is_replaced(
    installation: Installation, pair: WatchedPair
):
    before = installation.last_event()
    installation.kill_service("imp1")
    wait_until(lambda: pair.rules(after=before), "the first event of the failover")
    worker = installation.kill("worker")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")
    wait_until(lambda: "worker" in installation.pids(), "a worker runs again")
    assert not is_alive(worker)


@pytest.mark.fault("F16")
def test_a_worker_killed_between_two_orders_is_replaced(
    installation: Installation, pair: WatchedPair, person: Person
):
    person.set_parameters("imp1", PATIENT)
    installation.stop("worker")
    person.ask_for("failover", "imp1")
    installation.freeze("imp2")
    installation.start("worker")
    wait_until(lambda: not installation.services("imp1"), "imp1 obeys the first order")
    installation.kill("worker")
    installation.thaw("imp2")
    pair.becomes("Idle", BACKUP, reason=ON_REQUEST)
    pair.everybody_is_at("imp2")


@pytest.mark.fault("F17")
@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_a_killed_server_comes_back_and_failovers_go_on(
    installation: Installation, pair: WatchedPair, person: Person, server: str
):
    killed = installation.kill(server)
    wait_until(lambda: installation.pids().get(server, killed.pid) != killed.pid, "it is back")
    installation.kill_service("imp1")
    wait_until(installation.database_answers, "the database answers")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")


@pytest.mark.fault("F17", "F18")
@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_a_service_that_dies_while_a_server_is_restarted_is_not_overlooked(
    installation: Installation, pair: WatchedPair, server: str
):
    installation.stop(server)
    installation.kill_service("imp1")
    installation.start(server)
    wait_until(installation.database_answers, "the database answers")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")


def test_a_killed_beat_comes_back_and_nodes_are_asked_again(
    installation: Installation, pair: WatchedPair
):
    killed = installation.kill("beat")
    then = _asked_at(installation)
    wait_until(lambda: installation.pids().get("beat", killed.pid) != killed.pid, "it is back")
    wait_until(lambda: _asked_at(installation) > then, "nodes are asked again")
    pair.stays_normal(seconds=1)


def test_a_failover_needs_no_web_server(installation: Installation, pair: WatchedPair):
    installation.stop("web")
    installation.kill_service("imp1")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")


def _asked_at(installation: Installation) -> datetime:
    """When a sweep last claimed the node that was claimed longest ago."""
    row = installation.query("select min(probed_at) as asked_at from topology_node")[0]
    asked_at: datetime = row["asked_at"]
    return asked_at
