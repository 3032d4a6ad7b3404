"""High Availability is switched on while something is wrong (F24), by the page and for real."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from prg_admin.domain import catalogue
from prg_admin.domain.transitions import ROWS
from tests.scenarios.databases import disabled, locked_out, value
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import becomes, wait_until

pytestmark = pytest.mark.processes

BACKUP, FAILED = "Running in Backup Mode", "Running in Failed Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
SERVICE_DOWN, NOT_ENABLED = "Critical Service Down", "High Availability Not Enabled"
PEER_REBOOT = "Peer Reboot"
HASTY = {
    catalogue.TRANSITION_DEADLINE: "5",
    catalogue.INITIALIZATION_TIMEOUT: "4",
    catalogue.CRITICAL_SERVICE_DELAY: "6",
}
"""The start has to end within the longest of them."""
RULES = {row.rule for row in ROWS}


@pytest.fixture
def without_ha(pair: WatchedPair, person: Person) -> Iterator[WatchedPair]:
    person.disable_ha(pair.group)
    pair.becomes("Unknown", "Unknown", reason=NOT_ENABLED)
    yield pair
    person.enable_ha(pair.group)


def moves(pair: WatchedPair, *, after: int) -> list[str]:
    return [rule for rule in pair.rules(after=after) if rule in RULES]


def shown_moves(page: str) -> list[str]:
    return re.findall(r'data-rule="([\w-]+)"', page)


def services_known_to_run(installation: Installation, node: str) -> int:
    """As the engine heard it last."""
    sql = (
        "select jsonb_path_query_array(r.document, '$.services[*] ? (@.state == \"started\")')"
        " as up"
        " from topology_nodereport r join topology_node n on n.id = r.node_id where n.name = %s"
    )
    return len(installation.query(sql, node)[0]["up"])


def lose_a_service(installation: Installation, node: str) -> None:
    up = services_known_to_run(installation, node)
    installation.kill_service(node)
    wait_until(lambda: services_known_to_run(installation, node) < up, f"{node} has said so")


@pytest.mark.fault("F24")
def test_f24_with_a_service_down_on_one_node_it_happens_as_the_page_said(
    installation: Installation, without_ha: WatchedPair, person: Person, timed: Timed
):
    lose_a_service(installation, "imp1")
    before = installation.last_event()
    with timed("F24", without_ha.worst_case().service):
        shown = person.enable_ha(without_ha.group)
        without_ha.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    without_ha.everybody_is_at("imp2")
    assert moves(without_ha, after=before) == shown_moves(shown)


@pytest.mark.fault("F24")
def test_with_a_database_down_on_one_node_it_happens_as_the_page_said(
    installation: Installation, without_ha: WatchedPair, person: Person
):
    with locked_out(installation, "imp1"):
        wait_until(lambda: value(installation, "imp1") is None, "the engine knows it")
        before = installation.last_event()
        shown = person.enable_ha(without_ha.group)
        without_ha.becomes(SERVICES_DOWN, BACKUP, reason="Database Failure")
        assert moves(without_ha, after=before) == shown_moves(shown)
        assert moves(without_ha, after=before)[1] == "init-database-down"


@pytest.mark.fault("F24")
def test_f24_with_a_node_that_was_shut_down_it_happens_as_the_page_said(
    installation: Installation, without_ha: WatchedPair, person: Person
):
    installation.stop("imp1")
    wait_until(lambda: not installation.answers("imp1"), "the engine knows it")
    before = installation.last_event()
    shown = person.enable_ha(without_ha.group)
    without_ha.becomes("Down", BACKUP, reason=PEER_REBOOT)
    without_ha.everybody_is_at("imp2")
    assert moves(without_ha, after=before) == shown_moves(shown)
    installation.start("imp1")
    without_ha.becomes("Failed Over", BACKUP, reason=("Initialization", PEER_REBOOT))


@pytest.mark.fault("F24")
def test_f24_with_a_node_that_died_without_a_word_nobody_takes_over_until_it_is_back(
    installation: Installation, without_ha: WatchedPair, person: Person
):
    """It would serve after its next start, unasked, for nobody could have taken over."""
    person.set_parameters("imp1", HASTY)
    installation.kill_agent("imp1")
    wait_until(lambda: not installation.answers("imp1"), "the engine knows it")
    before = installation.last_event()
    shown = person.enable_ha(without_ha.group)
    without_ha.becomes(FAILED, FAILED, reason="Peer Down During Initialization")
    assert moves(without_ha, after=before) == shown_moves(shown) == ["ha-on", "init-missing"]
    installation.start("imp1")
    without_ha.becomes_normal()
    without_ha.everybody_is_at_home()


def test_without_high_availability_a_node_serves_again_after_its_restart(
    installation: Installation, without_ha: WatchedPair
):
    """It said goodbye, so it waits until it is told."""
    installation.restart("imp1")
    without_ha.everybody_is_at_home()


def test_services_that_come_and_go_on_both_nodes_end_the_start_at_its_deadline(
    installation: Installation, without_ha: WatchedPair, person: Person
):
    """Neither is down for the delay before the other is; nobody can take over meanwhile."""
    person.set_parameters("imp1", HASTY)
    lose_a_service(installation, "imp1")
    before = installation.last_event()
    person.enable_ha(without_ha.group)
    without_ha.becomes("Initializing", "Initializing", reason="Initialization")
    without_ha.stays("Initializing", "Initializing", reason="Initialization", seconds=1)
    installation.kill_service("imp2")
    without_ha.becomes(FAILED, FAILED, reason="Unknown")
    assert moves(without_ha, after=before) == ["ha-on", "init-overdue"]


@pytest.mark.fault("F24")
def test_f24_with_services_down_on_both_nodes_the_group_fails_until_recover(
    installation: Installation, without_ha: WatchedPair, person: Person
):
    for node in ("imp1", "imp2"):
        lose_a_service(installation, node)
    before = installation.last_event()
    person.enable_ha(without_ha.group)
    without_ha.becomes(FAILED, FAILED, reason=SERVICE_DOWN)
    assert moves(without_ha, after=before) == ["ha-on", "init-both-down"]
    person.ask_for_recovery(without_ha.group)
    without_ha.becomes_normal()
    without_ha.everybody_is_at_home()


@pytest.mark.fault("F24")
def test_f24_with_replication_that_is_not_good_both_nodes_become_normal(
    installation: Installation, without_ha: WatchedPair, person: Person
):
    """What is served does not depend on it; the page wants it to be read."""
    with disabled(installation, "imp2"):
        becomes(lambda: value(installation, "imp2"), 1)
        assert 'name="confirmed"' in person.enable_ha(without_ha.group)
        without_ha.becomes_normal()
    without_ha.everybody_is_at_home()
