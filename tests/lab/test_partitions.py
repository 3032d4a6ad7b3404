"""What the engine does when the network breaks, by the numbers of the faults in the rules.

The demo's timings: heart beat 1 s, silence limit 4 s. Times are waited for, never asserted.
"""

from __future__ import annotations

import pytest

from prg_admin.domain import catalogue
from prg_admin.domain.settings import settings_of
from prg_admin.domain.timing import isolation_limit
from tests.lab.network import ENGINE, Network
from tests.scenarios.doors import DoorWatch, admits
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation
from tests.scenarios.pair import NORMAL, WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import stays, wait_until

pytestmark = pytest.mark.processes

BACKUP, DOWN, FAILED_OVER = "Running in Backup Mode", "Down", "Failed Over"
PEER_DOWN, INITIALIZATION = "Peer Down", "Initialization"
LONGER_THAN_THE_LIMIT = 8.0
LONG_SILENCE = {catalogue.KEEP_ALIVE_TIMEOUT: "8"}


def comes_home(pair: WatchedPair, person: Person) -> None:
    """The way home after a cut: the node answers again, then one click."""
    pair.becomes(FAILED_OVER, BACKUP, reason=(INITIALIZATION, PEER_DOWN))
    person.ask_for("fallback", pair.first)
    pair.becomes_normal()


@pytest.mark.fault("F03")
def test_f03_all_traffic_of_a_host_dropped(
    network: Network, pair: WatchedPair, person: Person, timed: Timed, watch: DoorWatch
):
    with timed("F03", pair.worst_case().silent):
        network.isolate("imp1")
        pair.becomes(DOWN, BACKUP, reason=PEER_DOWN)
    wait_until(lambda: watch.admitted["imp2", "imp1"], "imp2 admits the users of imp1")
    network.heal()
    comes_home(pair, person)


@pytest.mark.fault("F04")
def test_f04_connections_refused(
    network: Network,
    pair: WatchedPair,
    person: Person,
    installation: Installation,
    timed: Timed,
    watch: DoorWatch,
):
    """Quicker than silence; the demo's own limit is so short that nobody could tell."""
    person.set_parameters("imp1", LONG_SILENCE)
    limit = isolation_limit(settings_of(person.parameters("imp1")))
    wait_until(lambda: installation.report_of("imp1")["isolation_limit_s"] == limit, "it is told")
    before = installation.last_event()
    with timed("F04", pair.worst_case().refused):
        network.refuse((ENGINE, "imp1"), ("imp2", "imp1"))
        network.refuse(("imp1", ENGINE), ("imp1", "imp2"))
        wait_until(lambda: pair.rules(after=before), "the engine decides")
        assert pair.rules(after=before)[0] == "refused"
        pair.becomes(DOWN, BACKUP, reason=PEER_DOWN)
    network.heal()
    comes_home(pair, person)


@pytest.mark.fault("F07")
def test_f07_a_cannot_hear_b_and_the_engine_hears_both(
    network: Network, pair: WatchedPair, watch: DoorWatch
):
    network.cut_both_ways(("imp1", "imp2"))
    pair.stays_normal(seconds=LONGER_THAN_THE_LIMIT)
    assert watch.admitted["imp2", "imp1"] == 0
    assert watch.admitted["imp1", "imp1"] > 0


@pytest.mark.fault("F07")
@pytest.mark.parametrize("direction", [("imp1", "imp2"), ("imp2", "imp1")])
def test_f07_one_direction_only(
    direction: tuple[str, str], network: Network, pair: WatchedPair, watch: DoorWatch
):
    network.cut(direction)
    pair.stays_normal(seconds=LONGER_THAN_THE_LIMIT)
    assert watch.admitted["imp2", "imp1"] == watch.admitted["imp1", "imp2"] == 0


@pytest.mark.fault("F08")
@pytest.mark.parametrize("direction", [(ENGINE, "imp1"), ("imp1", ENGINE)])
def test_f08_the_engine_cannot_reach_a_and_b_can(
    direction: tuple[str, str], network: Network, pair: WatchedPair, watch: DoorWatch
):
    network.cut(direction)
    pair.stays_normal(seconds=LONGER_THAN_THE_LIMIT)
    assert watch.admitted["imp1", "imp1"] > 0


@pytest.mark.fault("F09")
def test_f09_the_engine_cut_off_from_all_does_nothing(
    network: Network, pair: WatchedPair, installation: Installation
):
    before = installation.last_event()
    for number in range(1, 7):
        network.cut_both_ways((ENGINE, f"imp{number}"))
    blind = "select is_blind from recovery_enginestatus"
    wait_until(lambda: installation.query(blind)[0]["is_blind"], "the engine says it is blind")
    pair.stays_normal(seconds=LONGER_THAN_THE_LIMIT)
    assert pair.rules(after=before) == []
    network.heal()
    wait_until(lambda: not installation.query(blind)[0]["is_blind"], "the engine sees again")
    pair.stays_normal(seconds=2)


@pytest.mark.fault("F10")
def test_f10_a_cut_off_node_stops_before_its_peer_serves(
    network: Network,
    pair: WatchedPair,
    person: Person,
    installation: Installation,
    timed: Timed,
    watch: DoorWatch,
):
    """Clients still reach the node that is cut off from engine and peer."""
    door = installation.door("imp1")
    with timed("F10", pair.worst_case().silent):
        network.isolate("imp1")
        pair.becomes(DOWN, BACKUP, reason=PEER_DOWN)
    stays(lambda: admits(door, "imp1"), wanted=False, seconds=2)
    network.heal()
    comes_home(pair, person)


@pytest.mark.fault("F10")
def test_f10_a_node_of_which_the_engine_hears_nothing_keeps_its_users_by_its_peer(
    network: Network, pair: WatchedPair, watch: DoorWatch
):
    network.isolate("imp1", besides=("imp2",))
    pair.stays_normal(seconds=LONGER_THAN_THE_LIMIT)
    assert watch.admitted["imp1", "imp1"] > 0


@pytest.mark.fault("F11")
def test_f11_a_flapping_link_moves_nobody_while_it_flaps_below_the_limit(
    network: Network, pair: WatchedPair, watch: DoorWatch
):
    for _ in range(4):
        network.isolate("imp1")
        pair.stays_normal(seconds=1.5)
        network.heal()
        pair.stays_normal(seconds=1.5)
    assert watch.admitted["imp2", "imp1"] == 0


@pytest.mark.fault("F12")
def test_f12_a_third_of_all_packets_lost_causes_no_failover(
    network: Network, pair: WatchedPair, installation: Installation
):
    before = installation.last_event()
    nodes = (ENGINE, "imp1", "imp2")
    network.lose(30, *((a, b) for a in nodes for b in nodes if a != b))
    pair.stays(NORMAL, NORMAL, reason=NORMAL, seconds=30)
    network.heal()
    assert pair.rules(after=before) == []


@pytest.mark.fault("F05")
def test_f05_a_node_that_accepts_and_never_answers(
    installation: Installation,
    pair: WatchedPair,
    person: Person,
    timed: Timed,
    watch: DoorWatch,
    network: Network,
):
    with timed("F05", pair.worst_case().silent):
        installation.freeze("imp1")
        pair.becomes(DOWN, BACKUP, reason=PEER_DOWN)
    installation.thaw("imp1")
    comes_home(pair, person)
