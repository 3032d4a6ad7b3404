"""A service dies, a node dies, an administrator moves users: real processes, real clients."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from prg_admin.domain import catalogue
from prg_admin.domain.states import DEMO_SERVICES, XCP_AUTHENTICATION, XCP_ROUTER
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation, is_alive
from tests.scenarios.pair import NORMAL, WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import becomes, wait_until

pytestmark = pytest.mark.processes

BACKUP = "Running in Backup Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
SERVICE_DOWN = "Critical Service Down"
ON_REQUEST = "On Admin Request"
PEER_DOWN = "Peer Down"
PROXY = "Cisco SIP Proxy"


def test_a_new_installation_shows_two_groups_with_both_nodes_normal(
    installation: Installation, pair: WatchedPair
):
    both_normal = ((NORMAL, NORMAL), (NORMAL, NORMAL))
    becomes(lambda: installation.states("Subcluster-2"), both_normal)
    assert installation.ha_status() == {
        "DefaultCUPSubcluster": both_normal,
        "Subcluster-2": both_normal,
    }


@pytest.mark.fault("F02")
@pytest.mark.parametrize("service", [XCP_ROUTER, PROXY])
def test_a_killed_service_moves_all_users_to_the_peer(
    installation: Installation, pair: WatchedPair, service: str, timed: Timed
):
    before = installation.last_event()
    with timed("F02", pair.worst_case().service):
        installation.kill_service("imp1", service)
        pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")
    assert pair.rules(after=before)[0] == "service-down"
    assert pair.rules(after=before)[-1] == "take-over-done"


@pytest.mark.fault("F02")
def test_a_service_that_is_back_in_time_is_no_reason_for_a_failover(
    installation: Installation, pair: WatchedPair, person: Person
):
    person.set_parameters("imp1", {catalogue.CRITICAL_SERVICE_DELAY: "6"})
    before = installation.last_event()
    installation.kill_service("imp1", PROXY)
    person.start_service("imp1", PROXY)
    wait_until(lambda: PROXY in installation.services("imp1"), "the service runs again")
    pair.stays_normal(seconds=7)
    assert pair.rules(after=before) == []


def test_after_the_service_was_started_a_fallback_brings_everybody_home(
    installation: Installation, pair: WatchedPair, person: Person
):
    installation.kill_service("imp1", PROXY)
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    person.start_service("imp1", PROXY)
    pair.becomes("Failed Over", BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()
    pair.everybody_is_at_home()


@pytest.mark.fault("F01")
def test_a_killed_node_is_taken_over_and_comes_home_again(
    installation: Installation, pair: WatchedPair, person: Person, timed: Timed
):
    with timed("F01", pair.worst_case().refused):
        dead = installation.kill_agent("imp1", with_services=True)
        assert not any(map(is_alive, dead))
        pair.becomes("Down", BACKUP, reason=PEER_DOWN)
    pair.everybody_is_at("imp2")
    installation.start("imp1")
    pair.becomes("Failed Over", BACKUP, reason=("Initialization", PEER_DOWN))
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()
    pair.everybody_is_at_home()


@pytest.mark.fault("F01")
def test_a_killed_agent_leaves_services_that_serve_nobody_until_it_is_back(
    installation: Installation, pair: WatchedPair, timed: Timed
):
    left = installation.services("imp1")
    with timed("F01", pair.worst_case().refused):
        installation.kill_agent("imp1", with_services=False)
        pair.becomes("Down", BACKUP, reason=PEER_DOWN)
    pair.everybody_is_at("imp2")
    installation.start("imp1")
    pair.becomes("Failed Over", BACKUP, reason=("Initialization", PEER_DOWN))
    assert not any(map(is_alive, left.values())), "services of the dead agent still run"
    assert set(installation.services("imp1")) == set(DEMO_SERVICES)


def test_a_failover_on_request_stops_the_services_and_a_fallback_starts_them(
    installation: Installation, pair: WatchedPair
):
    running = installation.services("imp1")
    installation.manage("utils", "ha", "failover", "imp1")
    pair.becomes("Idle", BACKUP, reason=ON_REQUEST)
    pair.everybody_is_at("imp2")
    assert not any(map(is_alive, running.values())), "services of the idle node still run"
    assert installation.services("imp1") == {}
    installation.manage("utils", "ha", "fallback", "imp1")
    pair.becomes_normal()
    pair.everybody_is_at_home()
    assert set(installation.services("imp1")) == set(DEMO_SERVICES)


def test_the_authentication_service_is_critical_only_while_it_is_monitored(
    installation: Installation,
    pair: WatchedPair,
    person: Person,
    parameters: Mapping[str, str],
):
    installation.kill_service("imp1", XCP_AUTHENTICATION)
    pair.stays_normal(seconds=6)
    person.set_parameters("imp1", {catalogue.MONITOR_XCP_AUTHENTICATION: catalogue.TRUE})
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    pair.everybody_is_at("imp2")
    person.set_parameters("imp1", parameters)
    pair.becomes("Failed Over", BACKUP, reason=SERVICE_DOWN)
    person.ask_for("fallback", "imp1")
    pair.becomes_normal()
