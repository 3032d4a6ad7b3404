"""Lines that are bad for a while: they flap, are slow, lose, double and reorder packets."""

from __future__ import annotations

import pytest

from prg_admin.domain import catalogue
from tests.lab.network import ENGINE, Network
from tests.lab.wan import Line, bad_line
from tests.scenarios.doors import DoorWatch
from tests.scenarios.fixtures import Timed
from tests.scenarios.installation import Installation
from tests.scenarios.pair import NORMAL, WatchedPair
from tests.scenarios.person import Person
from tests.scenarios.waiting import wait_until

pytestmark = pytest.mark.processes

BACKUP, DOWN, FAILED_OVER = "Running in Backup Mode", "Down", "Failed Over"
PEER_DOWN, INITIALIZATION = "Peer Down", "Initialization"
AT_ONCE = {catalogue.AUTOMATIC_FALLBACK: catalogue.TRUE, catalogue.AUTOMATIC_FALLBACK_DELAY: "0"}
ALL_LINKS = ((ENGINE, "imp1"), (ENGINE, "imp2"), ("imp1", "imp2"))


def flap(network: Network, pair: WatchedPair, timed: Timed) -> None:
    """Once beyond the limit."""
    with timed("F11", pair.worst_case().silent):
        network.isolate("imp1")
        pair.becomes(DOWN, BACKUP, reason=PEER_DOWN)
    network.heal()


@pytest.mark.fault("F11")
def test_f11_a_link_that_flaps_beyond_the_limit_moves_users_twice_and_then_waits_for_a_person(
    network: Network,
    pair: WatchedPair,
    person: Person,
    installation: Installation,
    timed: Timed,
    watch: DoorWatch,
):
    pair.forget_failovers()
    person.set_parameters("imp1", AT_ONCE)
    flap(network, pair, timed)
    pair.becomes_normal()
    flap(network, pair, timed)
    pair.becomes(FAILED_OVER, BACKUP, reason=(INITIALIZATION, PEER_DOWN))
    pair.stays(FAILED_OVER, BACKUP, reason=(INITIALIZATION, PEER_DOWN), seconds=4)
    assert "is held" in person.get(f"/system/presence-redundancy-groups/{_id(installation)}/")
    before = installation.last_event()
    person.acknowledge(pair.group, comment="the cable was loose")
    pair.becomes_normal()
    rules = pair.rules(after=before)
    assert rules[:2] == ["acknowledged", "fallback-due"]
    assert watch.admitted["imp2", "imp1"] > 0


def _id(installation: Installation) -> int:
    return installation.group_id("DefaultCUPSubcluster")


@pytest.mark.fault("F12")
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(Line(delay_s=0.1), id="delayed"),
        pytest.param(Line(delay_s=0.02, jitter_s=0.2), id="reordered"),
        pytest.param(Line(delay_s=0.01, duplicated=0.5), id="doubled"),
        pytest.param(Line(delay_s=0.1, jitter_s=0.05, duplicated=0.1, lost=0.05), id="all"),
    ],
)
def test_f12_a_bad_line_causes_no_failover(
    line: Line, network: Network, pair: WatchedPair, installation: Installation, watch: DoorWatch
):
    before = installation.last_event()
    with bad_line(ALL_LINKS, line) as relay:
        pair.stays(NORMAL, NORMAL, reason=NORMAL, seconds=20)
        assert relay.carried > 0
    assert pair.rules(after=before) == []
    wait_until(lambda: watch.admitted["imp1", "imp1"], "imp1 admits its users")


@pytest.mark.fault("F12")
def test_f12_a_failover_over_a_bad_line_is_made_all_the_same(
    network: Network,
    pair: WatchedPair,
    installation: Installation,
    timed: Timed,
    watch: DoorWatch,
):
    worst = pair.worst_case().service
    with bad_line(ALL_LINKS, Line(delay_s=0.1, jitter_s=0.05, duplicated=0.3)):
        with timed("F12", worst):
            installation.kill_service("imp1")
            pair.becomes(
                "Failed Over with Critical Services Not Running",
                BACKUP,
                reason="Critical Service Down",
            )
    wait_until(lambda: watch.admitted["imp2", "imp1"], "imp2 admits the users of imp1")
