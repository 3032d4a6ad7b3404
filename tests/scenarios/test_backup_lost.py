"""What befalls a pair whose users are with the backup: its loss, its return, and a fallback's end.

One fault after another, for each needs the state that the one before it left behind.
"""

from __future__ import annotations

import pytest

from prg_admin.domain import catalogue
from tests.scenarios.databases import locked_out
from tests.scenarios.doors import DoorWatch
from tests.scenarios.extras import no_worker
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

pytestmark = pytest.mark.processes

IDLE, BACKUP, DOWN, READY = "Idle", "Running in Backup Mode", "Down", "Failed Over"
BROKEN = "Failed Over with Critical Services Not Running"
FAILED = "Running in Failed Mode"
ASKED, RESTARTED, UNKNOWN = "On Admin Request", "Initialization", "Unknown"
SERVICE, REBOOT, LOST = "Critical Service Down", "Peer Reboot", "Peer Down"
DATABASE = "Database Failure"
AT_ONCE = {catalogue.AUTOMATIC_FALLBACK: catalogue.TRUE, catalogue.AUTOMATIC_FALLBACK_DELAY: "0"}
PATIENT = {
    catalogue.KEEP_ALIVE_TIMEOUT: "30",
    catalogue.INITIALIZATION_TIMEOUT: "30",
    catalogue.TRANSITION_DEADLINE: "60",
}
"""A node that is frozen for a moment is not missed, and keeps its right to serve."""
HASTY = {catalogue.TRANSITION_DEADLINE: "5"}
UNHURRIED = {catalogue.TRANSITION_DEADLINE: "20", catalogue.CRITICAL_SERVICE_DELAY: "6"}
"""Starting all services of two nodes at once may take longer than the demo's delay."""


def test_a_node_that_is_ready_loses_its_database_then_its_backup_and_falls_back_by_itself(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    before = installation.last_event()
    pair.forget_failovers()
    installation.kill_service("imp1")
    pair.becomes(BROKEN, BACKUP, reason=SERVICE)
    pair.start_services()
    pair.becomes(READY, BACKUP, reason=SERVICE)
    with locked_out(installation, "imp1"):
        pair.becomes(BROKEN, BACKUP, reason=(DATABASE, SERVICE))
    pair.becomes(READY, BACKUP, reason=(DATABASE, SERVICE))
    installation.kill_agent("imp2")
    pair.becomes(BACKUP, DOWN, reason=LOST)
    pair.everybody_is_at("imp1")
    installation.start("imp2")
    pair.becomes(BACKUP, READY, reason=(LOST, RESTARTED))
    person.set_parameters("imp1", AT_ONCE)
    pair.becomes_normal()
    pair.everybody_is_at_home()
    assert {"database-lost-again", "backup-silent", "fallback-due"} <= set(pair.rules(after=before))


@pytest.mark.fault("F20")
def test_a_backup_that_nobody_can_replace_fails_the_group_and_goes_on_when_it_is_back(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    """First for a node that is Idle, then for one whose services are down."""
    before = installation.last_event()
    person.ask_for("failover", "imp1")
    pair.becomes(IDLE, BACKUP, reason=ASKED)
    installation.stop("imp2")
    pair.becomes(FAILED, FAILED, reason=LOST)
    installation.start("imp2")
    pair.becomes(IDLE, BACKUP, reason=(ASKED, RESTARTED))
    pair.everybody_is_at("imp2")
    with no_worker(installation):
        person.ask_for("fallback", "imp1")
        installation.stop("imp1")
    pair.becomes(DOWN, BACKUP, reason=REBOOT)
    installation.start("imp1")
    pair.becomes(READY, BACKUP, reason=(RESTARTED, REBOOT))
    installation.kill_service("imp1")
    pair.becomes(BROKEN, BACKUP, reason=(SERVICE, REBOOT))
    installation.stop("imp2")
    pair.becomes(FAILED, FAILED, reason=LOST)
    installation.start("imp2")
    pair.becomes(BROKEN, BACKUP, reason=RESTARTED)
    pair.everybody_is_at("imp2")
    installation.stop("imp1")
    pair.becomes(DOWN, BACKUP, reason=RESTARTED)
    assert {
        "backup-gone",
        "failed-over-gone",
        "backup-heard-again-idle",
        "fall-back-goodbye",
        "backup-heard-again",
    } <= set(pair.rules(after=before))


@pytest.mark.fault("F20", "F28")
def test_a_service_that_dies_at_the_end_of_a_fallback_ends_it_and_the_backups_fails_the_group(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    """Its users are given back already, and the backup is slow to let go of them."""
    installation.kill_service("imp1")
    pair.becomes(BROKEN, BACKUP, reason=SERVICE)
    pair.start_services()
    pair.becomes(READY, BACKUP, reason=SERVICE)
    person.set_parameters("imp1", PATIENT)
    before = installation.last_event()
    with no_worker(installation):
        person.ask_for("fallback", "imp1")
        installation.freeze("imp2")
    wait_until(lambda: "fall-back-ready" in pair.rules(after=before), "imp1 is to serve")
    installation.kill_service("imp1")
    installation.thaw("imp2")
    pair.becomes(BROKEN, BACKUP, reason=SERVICE)
    pair.everybody_is_at("imp2")
    installation.kill_service("imp2")
    pair.becomes(FAILED, FAILED, reason=SERVICE)
    assert {"fall-back-service-down", "backup-unfit"} <= set(pair.rules(after=before))


@pytest.mark.fault("F20")
def test_a_recovery_in_which_services_do_not_stop_in_time_ends_at_its_deadline(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    """Each of them would have to be killed, one after another."""
    person.set_parameters("imp1", HASTY)
    with no_worker(installation):
        for node in ("imp1", "imp2"):
            installation.kill_service(node)
    pair.becomes(FAILED, FAILED, reason=SERVICE)
    before = installation.last_event()
    installation.freeze_services("imp2")
    person.ask_for_recovery(pair.group)
    pair.becomes(FAILED, FAILED, reason=UNKNOWN)
    assert pair.rules(after=before)[-1] == "recover-overdue"
    installation.thaw("imp2", with_services=True)
    person.set_parameters("imp1", UNHURRIED)
    person.ask_for_recovery(pair.group)
    pair.becomes_normal()
    pair.everybody_is_at_home()
