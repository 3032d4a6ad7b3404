"""At no instant two nodes serve the same users (invariant I01), watched at the nodes' doors."""

from __future__ import annotations

import pytest

from tests.scenarios.doors import DoorWatch, admits
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation
from tests.scenarios.pair import NORMAL, WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import stays, wait_until

pytestmark = pytest.mark.processes

BACKUP = "Running in Backup Mode"
SERVICES_DOWN = "Failed Over with Critical Services Not Running"
SERVICE_DOWN = "Critical Service Down"
ON_REQUEST = "On Admin Request"
PEER_DOWN = "Peer Down"
BACK = ("Initialization", PEER_DOWN)
BOTH = {("imp2", "imp1"), ("imp2", "imp2")}


@pytest.mark.fault("F02")
def test_users_of_a_dead_service_are_served_by_one_node_at_a_time(
    installation: Installation, pair: WatchedPair, person: Person, watch: DoorWatch
):
    installation.kill_service("imp1", "Cisco SIP Proxy")
    pair.becomes(SERVICES_DOWN, BACKUP, reason=SERVICE_DOWN)
    wait_until(lambda: watch.admitted["imp2", "imp1"], "imp2 admits the users of imp1")
    person.start_service("imp1", "Cisco SIP Proxy")
    pair.becomes("Failed Over", BACKUP, reason=SERVICE_DOWN)
    person.ask_for("fallback", "imp1")
    before = watch.admitted["imp1", "imp1"]
    pair.becomes_normal()
    wait_until(lambda: watch.admitted["imp1", "imp1"] > before, "imp1 admits its users again")


def test_users_moved_on_request_are_served_by_one_node_at_a_time(
    pair: WatchedPair, person: Person, watch: DoorWatch
):
    person.ask_for("failover", "imp2")
    pair.becomes(BACKUP, "Idle", reason=ON_REQUEST)
    wait_until(lambda: watch.admitted["imp1", "imp2"], "imp1 admits the users of imp2")
    person.ask_for("fallback", "imp2")
    pair.becomes_normal()


@pytest.mark.fault("F06")
def test_a_frozen_agent_that_wakes_up_serves_nobody(
    installation: Installation, pair: WatchedPair, timed: Timed, watch: DoorWatch
):
    with timed("F06", pair.worst_case().silent):
        installation.freeze("imp1")
        pair.becomes("Down", BACKUP, reason=PEER_DOWN)
    wait_until(lambda: watch.admitted["imp2", "imp1"], "imp2 admits the users of imp1")
    installation.thaw("imp1")
    _serves_nobody(installation, "imp1", seconds=2)
    pair.becomes("Failed Over", BACKUP, reason=BACK)
    _serves_nobody(installation, "imp1", seconds=2)


@pytest.mark.fault("F06")
def test_a_frozen_node_that_wakes_up_serves_nobody(
    installation: Installation, pair: WatchedPair, timed: Timed
):
    with timed("F06", pair.worst_case().silent):
        installation.freeze("imp1", with_services=True)
        pair.becomes("Down", BACKUP, reason=PEER_DOWN)
    wait_until(lambda: admits(installation.door("imp2"), "imp1"), "imp2 serves imp1")
    installation.thaw("imp1", with_services=True)
    _serves_nobody(installation, "imp1", seconds=2)
    pair.becomes("Failed Over", BACKUP, reason=BACK)
    pair.everybody_is_at("imp2")


@pytest.mark.fault("F06")
def test_an_agent_frozen_for_a_moment_keeps_its_users(
    installation: Installation, pair: WatchedPair, watch: DoorWatch
):
    before = installation.last_event()
    installation.freeze("imp1")
    pair.stays_normal(seconds=1)
    installation.thaw("imp1")
    pair.stays(NORMAL, NORMAL, reason=NORMAL, seconds=4)
    assert pair.rules(after=before) == []
    assert watch.admitted["imp2", "imp1"] == 0


def _serves_nobody(installation: Installation, node: str, *, seconds: float) -> None:
    door = installation.door(node)
    stays(lambda: admits(door, "imp1") or admits(door, "imp2"), wanted=False, seconds=seconds)
