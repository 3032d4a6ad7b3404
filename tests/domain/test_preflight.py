"""What enabling High Availability would do, and that it then does just that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.facts import Pair
from prg_admin.domain.preflight import Check, Preflight, preflight
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.wire import DatabaseReport
from tests.domain.simulation import World

S = NodeState


@pytest.fixture
def world() -> World:
    """A pair that runs, with High Availability off."""
    world = World()
    world.pair = replace(world.pair, ha_enabled=False)
    world.run(1)
    return world


def lose(world: World, index: int) -> None:
    node = world.nodes[index]
    node.services_up, node.down_since = False, world.clock
    node.settle(world.clock)


def outlook(world: World, pair: Pair | None = None) -> Preflight:
    return preflight(pair or world.probed(), settings=world.settings, now=world.now)


def with_replication(world: World, value: int | None) -> Pair:
    a, b = world.probed().nodes
    assert b.last_report
    database = DatabaseReport(answers=True, down_s=None, replication=value, detail="")
    report = replace(b.last_report, database=database)
    return replace(world.pair, nodes=(a, replace(b, last_report=report)))


def met(found: Preflight, check: Check) -> list[bool | None]:
    return [c.is_met for c in found.conditions if c.check is check]


def test_a_pair_that_is_well_needs_no_confirmation(world: World):
    found = outlook(world)

    assert found.ends_normal
    assert found.token == ""
    assert [s.decision.rule for s in found.steps] == ["ha-on", "init-done"]
    assert met(found, Check.SERVICES) == [True, True]


@pytest.mark.parametrize("lost", [(), (0,), (1,), (0, 1)])
def test_it_happens_exactly_so(world: World, lost: tuple[int, ...]):
    for index in lost:
        lose(world, index)
    foreseen = outlook(world)

    before = len(world.rules)
    world.pair = replace(world.pair, ha_enabled=True)
    world.run(10)

    assert world.rules[before:] == [f.decision.rule for f in foreseen.outlook]
    assert world.states == tuple(node.state for node in foreseen.end.nodes)
    assert world.reasons == tuple(node.reason for node in foreseen.end.nodes)
    assert bool(foreseen.token) == bool(lost)


def test_a_node_that_was_shut_down_is_taken_over_and_it_happens_exactly_so(world: World):
    world.shut_down(0)
    foreseen = outlook(world)

    before = len(world.rules)
    world.pair = replace(world.pair, ha_enabled=True)
    world.run(10)

    assert [s.decision.rule for s in foreseen.steps] == [
        "ha-on",
        "init-goodbye",
        "take-over-done-down",
    ]
    assert world.rules[before:] == [f.decision.rule for f in foreseen.outlook]
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.reasons[1] is Reason.PEER_REBOOT
    assert foreseen.token


def test_services_that_do_not_run_are_named(world: World):
    lose(world, 0)

    a, b = (c for c in outlook(world).conditions if c.check is Check.SERVICES)

    assert (a.node, a.is_met, a.values["services"]) == ("a", False, "Cisco XCP Router")
    assert b.is_met


@pytest.mark.fault("F24")
@pytest.mark.parametrize("value", [0, 1, 3, 4, None])
def test_replication_that_is_not_good_wants_a_confirmation(world: World, value: int | None):
    found = outlook(world, with_replication(world, value))

    assert found.ends_normal
    assert met(found, Check.REPLICATION) == [True, False]
    assert found.token


def test_what_is_not_monitored_wants_none(world: World):
    pair = world.probed()
    nodes = tuple(
        replace(n, last_report=replace(n.last_report, database=None))
        for n in pair.nodes
        if n.last_report
    )

    found = outlook(world, replace(pair, nodes=nodes))

    assert met(found, Check.REPLICATION) == [None, None]
    assert found.token == ""


def test_another_outlook_is_another_confirmation(world: World):
    lose(world, 0)
    one = outlook(world).token
    lose(world, 1)
    both = outlook(world).token

    assert one
    assert both
    assert one != both
    assert both == outlook(world).token


def test_unequal_versions_are_told(world: World):
    a, b = world.probed().nodes
    assert b.last_report
    older = replace(b, last_report=replace(b.last_report, version="0"))

    assert met(outlook(world, replace(world.pair, nodes=(a, older))), Check.VERSION) == [False] * 2


def test_a_node_that_does_not_answer_is_lost_at_the_limit(world: World):
    world.nodes[0].crash()
    pair = world.probed()
    b = pair.nodes[1]
    assert b.last_report
    assert b.last_report.peer
    deaf = replace(b.last_report.peer, error="refused")
    heard = replace(b, last_report=replace(b.last_report, peer=deaf))
    slow = replace(
        world.settings, keep_alive_timeout=90, initialization_timeout=600, transition_deadline=2000
    )

    found = preflight(replace(pair, nodes=(pair.nodes[0], heard)), settings=slow, now=world.now)

    assert met(found, Check.REACHABLE) == [False, True]
    lost = next(s for s in found.steps if s.decision.rule == "init-missing")
    assert lost.after_s == pytest.approx(2000, abs=5)
    # It was never told to stop when isolated, so it may be serving still: nobody takes over.
    assert [n.state for n in found.end.nodes] == [S.FAILED, S.FAILED]
    assert found.token
