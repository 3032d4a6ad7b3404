"""Both nodes of a pair are hit, or one of them in the middle of a recovery."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from prg_admin.domain import catalogue
from prg_admin.domain.states import DEMO_SERVICES
from tests.scenarios.doors import DoorWatch, admits
from tests.scenarios.extras import no_worker
from tests.scenarios.installation import Installation
from tests.scenarios.pair import WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import stays, wait_until

pytestmark = pytest.mark.processes

BACKUP, DOWN, FAILED_OVER = "Running in Backup Mode", "Down", "Failed Over"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
FAILED = "Running in Failed Mode"
SERVICE_DOWN, PEER_DOWN, ON_REQUEST = "Critical Service Down", "Peer Down", "On Admin Request"
PATIENT = {catalogue.TRANSITION_DEADLINE: "120"}
UNHURRIED = {catalogue.CRITICAL_SERVICE_DELAY: "6"}
"""Starting all services of two nodes at once may take longer than the demo's delay."""
HASTY = {catalogue.TRANSITION_DEADLINE: "10", **UNHURRIED}


def start_together(installation: Installation, *nodes: str) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(installation.start, nodes))


@pytest.mark.fault("F19")
def test_f19_two_dead_nodes_fail_the_group_and_come_back_by_themselves(
    installation: Installation, pair: WatchedPair, watch: DoorWatch
):
    before = installation.last_event()
    with no_worker(installation):
        for node in ("imp1", "imp2"):
            installation.kill_agent(node)
    pair.becomes(FAILED, FAILED, reason=PEER_DOWN)
    pair.stays(FAILED, FAILED, reason=PEER_DOWN, seconds=4)
    assert pair.rules(after=before) == ["both-silent"]
    start_together(installation, "imp1", "imp2")
    pair.becomes_normal()
    pair.everybody_is_at_home()


@pytest.mark.fault("F19")
def test_f19_with_services_dead_on_both_nodes_nobody_is_moved_and_recover_starts_them(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    person.set_parameters("imp1", UNHURRIED)
    before = installation.last_event()
    with no_worker(installation):
        for node in ("imp1", "imp2"):
            installation.kill_service(node)
    pair.becomes(FAILED, FAILED, reason=SERVICE_DOWN)
    pair.stays(FAILED, FAILED, reason=SERVICE_DOWN, seconds=4)
    assert pair.rules(after=before) == ["both-down"]
    person.ask_for_recovery(pair.group)
    pair.becomes_normal()
    pair.everybody_is_at_home()
    for node in ("imp1", "imp2"):
        assert set(installation.services(node)) == set(DEMO_SERVICES)


@pytest.mark.fault("F20", "F29")
def test_f20_the_node_that_is_to_take_over_dies_in_a_failover(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    """It ends at the deadline that it began with, whatever is entered meanwhile (F29)."""
    person.set_parameters("imp1", HASTY)
    with no_worker(installation):
        installation.manage("utils", "ha", "failover", "imp1")
        installation.kill_agent("imp2")
        person.set_parameters("imp1", PATIENT)
    pair.becomes(FAILED, FAILED, reason="Cisco Server Recovery Manager Take Over Users Failed")
    installation.start("imp2")
    wait_until(lambda: installation.answers("imp2"), "imp2 answers")
    person.ask_for_recovery(pair.group)
    pair.becomes_normal()
    pair.everybody_is_at_home()


@pytest.mark.fault("F20")
def test_f20_the_backup_dies_in_a_fallback(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    person.set_parameters("imp1", HASTY)
    installation.manage("utils", "ha", "failover", "imp1")
    pair.becomes("Idle", BACKUP, reason=ON_REQUEST)
    with no_worker(installation):
        installation.manage("utils", "ha", "fallback", "imp1")
        installation.kill_agent("imp2")
    wait_until(lambda: FAILED in _states(pair) or DOWN in _states(pair), "the group has failed")
    installation.start("imp2")
    wait_until(lambda: installation.answers("imp2"), "imp2 answers")
    pair.heal(PATIENT)


@pytest.mark.fault("F20")
def test_f20_a_node_dies_in_a_recovery(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    person.set_parameters("imp1", UNHURRIED)
    with no_worker(installation):
        for node in ("imp1", "imp2"):
            installation.kill_service(node)
    pair.becomes(FAILED, FAILED, reason=SERVICE_DOWN)
    with no_worker(installation):
        person.ask_for_recovery(pair.group)
        installation.kill_agent("imp2")
    pair.becomes(BACKUP, DOWN, reason="Peer Down During Initialization")
    pair.everybody_is_at("imp1")
    installation.start("imp2")
    pair.becomes(BACKUP, FAILED_OVER, reason=("Peer Down During Initialization", "Initialization"))
    person.ask_for("fallback", "imp2")
    pair.becomes_normal()


@pytest.mark.fault("F21")
def test_f21_a_node_that_returns_with_an_old_goal_serves_nobody_until_it_has_its_new_one(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    state = installation.var / "nodes" / "imp1" / "state.json"
    old = json.loads(state.read_text())
    person.ask_for("failover", "imp1")
    pair.becomes("Idle", BACKUP, reason=ON_REQUEST)
    installation.kill_agent("imp1")
    shutil.copy(state, state.with_suffix(".new"))
    state.write_text(json.dumps({**old, "processes": {}}))
    installation.start("imp1")
    door = installation.door("imp1")
    stays(lambda: admits(door, "imp1"), wanted=False, seconds=3)
    wait_until(
        lambda: installation.report_of("imp1")["highest_epoch"] > old["highest_epoch"],
        "imp1 is led on",
    )
    pair.stays("Idle", BACKUP, reason=_reasons(pair), seconds=1)
    assert installation.services("imp1") == {}
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()


@pytest.mark.fault("F22")
def test_f22_two_nodes_that_start_together_serve_each_user_once(
    installation: Installation, pair: WatchedPair, watch: DoorWatch
):
    with no_worker(installation):
        installation.kill_agent("imp1")
        installation.kill_agent("imp2")
        start_together(installation, "imp1", "imp2")
    pair.becomes_normal()
    for node in ("imp1", "imp2"):
        door = installation.door(node)
        wait_until(lambda door=door, home=node: admits(door, home), "each serves its own")
    pair.everybody_is_at_home()


@pytest.mark.fault("F28")
def test_f28_the_home_node_dies_again_during_its_fallback(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    installation.manage("utils", "ha", "failover", "imp1")
    pair.becomes("Idle", BACKUP, reason=ON_REQUEST)
    with no_worker(installation):
        installation.manage("utils", "ha", "fallback", "imp1")
        installation.kill_agent("imp1")
    pair.becomes(DOWN, BACKUP, reason=PEER_DOWN)
    pair.everybody_is_at("imp2")
    installation.start("imp1")
    pair.becomes(FAILED_OVER, BACKUP, reason=("Initialization", PEER_DOWN))
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()


@pytest.mark.fault("F28")
def test_f28_a_service_of_the_home_node_dies_again_during_its_fallback(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    installation.kill_service("imp1")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    person.start_service("imp1")
    pair.becomes(FAILED_OVER, BACKUP, reason=SERVICE_DOWN)
    with no_worker(installation):
        installation.manage("utils", "ha", "fallback", "imp1")
        installation.kill_service("imp1")
    # Either it is started once more within the fallback, or the users stay with the backup.
    wait_until(lambda: "Taking Back" not in _states(pair), "the fallback has ended")
    wait_until(
        lambda: any(admits(installation.door(n), "imp1") for n in ("imp1", "imp2")),
        "the users of imp1 are served",
    )


def _states(pair: WatchedPair) -> list[str]:
    return [state for state, _reason in pair.states()]


def _reasons(pair: WatchedPair) -> tuple[str, str]:
    (_, first), (_, second) = pair.states()
    return first, second
