"""Rows of the matrix that no single fault leads to, one after another (domain facts 2)."""

from __future__ import annotations

import pytest

from prg_admin.domain import catalogue
from tests.scenarios.databases import locked_out
from tests.scenarios.extras import no_worker
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person

pytestmark = pytest.mark.processes

IDLE, BACKUP, DOWN, READY = "Idle", "Running in Backup Mode", "Down", "Failed Over"
BROKEN = "Failed Over with Critical Services Not Running"
FAILED = "Running in Failed Mode"
ASKED, RESTARTED = "On Admin Request", "Initialization"
SERVICE, REBOOT = "Critical Service Down", "Peer Reboot"
AUTO_SERVICE = "Auto Recover Critical Service Down"
AUTO_DATABASE = "Auto Recover Database Failure"
NOT_STARTED = "Start of Critical Services Failed"
HASTY = {catalogue.TRANSITION_DEADLINE: "10"}


def test_what_is_lost_on_the_backup_moves_everybody_back(
    installation: Installation, pair: WatchedPair, person: Person
):
    """Rows 12 and 11, each twice, 23 and 22."""
    for _ in ("Normal", "Failed Over"):
        installation.kill_service("imp1")
        pair.becomes(BROKEN, BACKUP, reason=SERVICE)
        pair.start_services()
        pair.becomes(READY, BACKUP, reason=SERVICE)
    installation.kill_service("imp2")
    pair.becomes(BACKUP, BROKEN, reason=AUTO_SERVICE)
    pair.everybody_is_at("imp1")
    pair.start_services()
    pair.becomes(BACKUP, READY, reason=AUTO_SERVICE)
    with locked_out(installation, "imp1"):
        pair.becomes(BROKEN, BACKUP, reason=AUTO_DATABASE)
        pair.everybody_is_at("imp2")
    pair.becomes(READY, BACKUP, reason=AUTO_DATABASE)
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()
    pair.everybody_is_at_home()


def test_agents_that_restart_keep_their_roles_and_only_reasons_change(
    installation: Installation, pair: WatchedPair, person: Person
):
    """Rows 3, 5, 6 and 9, then 8 and 7."""
    before = installation.last_event()
    person.ask_for("failover", "imp1")
    pair.becomes(IDLE, BACKUP, reason=ASKED)
    installation.restart("imp1")
    pair.becomes(IDLE, BACKUP, reason=(RESTARTED, ASKED))
    with no_worker(installation):
        installation.restart("imp2")
    pair.becomes(IDLE, BACKUP, reason=RESTARTED)
    with no_worker(installation):
        person.ask_for("fallback", "imp1")
        installation.restart("imp1")
    pair.becomes_normal()
    with no_worker(installation):
        person.ask_for("failover", "imp1")
        installation.restart("imp2")
    pair.becomes(IDLE, BACKUP, reason=(ASKED, RESTARTED))
    pair.everybody_is_at("imp2")
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()
    assert {rule for rule in pair.rules(after=before) if rule.startswith("restarted-")} == {
        "restarted-failed-over",
        "restarted-backup",
        "restarted-taking-back",
        "restarted-taking-over",
    }


def test_each_node_is_shut_down_while_the_other_is_there(
    installation: Installation, pair: WatchedPair, person: Person
):
    """Row 17, and the same of the backup."""
    installation.stop("imp1")
    pair.becomes(DOWN, BACKUP, reason=REBOOT)
    installation.start("imp1")
    pair.becomes(READY, BACKUP, reason=(RESTARTED, REBOOT))
    installation.stop("imp2")
    pair.becomes(BACKUP, DOWN, reason=REBOOT)
    pair.everybody_is_at("imp1")
    installation.start("imp2")
    pair.becomes(BACKUP, READY, reason=(REBOOT, RESTARTED))
    person.ask_for("fallback", "imp2")
    pair.becomes_normal()
    pair.everybody_is_at_home()


def test_services_that_do_not_start_for_a_fallback_fail_the_group_until_recover(
    installation: Installation, pair: WatchedPair, person: Person
):
    """Row 14, and 21 when an agent restarts meanwhile."""
    person.set_parameters("imp1", HASTY)
    installation.stop("imp1")
    pair.becomes(DOWN, BACKUP, reason=REBOOT)
    installation.start("imp1")
    pair.becomes(READY, BACKUP, reason=(RESTARTED, REBOOT))
    with no_worker(installation):
        person.ask_for("fallback", "imp1")
        installation.kill_service("imp1")
    pair.becomes(FAILED, FAILED, reason=NOT_STARTED)
    installation.restart("imp2")
    pair.becomes(FAILED, FAILED, reason="Unknown")
    person.ask_for_recovery(pair.group)
    pair.becomes_normal()
    pair.everybody_is_at_home()
