"""Why no failover happens although something is wrong: one reason for each kind of trouble."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.facts import Facts
from prg_admin.domain.pair import decide
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState
from prg_admin.domain.transitions import ROWS
from prg_admin.domain.whynot import Hindrance, Why, as_of, is_in_trouble, why_not
from tests.domain.lives import live
from tests.domain.simulation import SETTINGS, World

S = NodeState


@pytest.fixture
def world() -> World:
    """A pair with High Availability on, both nodes Normal."""
    world = World(others_heard=True)
    world.run(1)
    return world


def lose(world: World, index: int) -> None:
    node = world.nodes[index]
    node.services_up, node.down_since = False, world.clock
    node.settle(world.clock)


def told(world: World, *, blind: bool = False, **settings: object) -> list[Hindrance]:
    force = replace(world.settings, **settings)  # type: ignore[arg-type]
    return why_not(world.probed(), settings=force, now=world.now, blind=blind)


def reasons(world: World) -> list[tuple[Why, str]]:
    return [(h.why, h.node) for h in told(world)]


def test_nothing_is_said_about_a_pair_that_is_well(world: World):
    assert told(world) == []


def test_a_service_is_not_down_for_long_enough(world: World):
    lose(world, 0)
    world.pass_time(0.5)

    (hindrance,) = told(world)

    assert hindrance.why is Why.SERVICE_WITHIN_DELAY
    assert hindrance.values == {"service": "Cisco XCP Router", "down_s": 0.5, "delay_s": 2}


def test_the_database_is_not_down_for_long_enough(world: World):
    world.nodes[1].database_up, world.nodes[1].database_down_since = False, world.clock

    assert reasons(world) == [(Why.DATABASE_WITHIN_DELAY, "b")]


def test_the_peer_that_would_take_over_is_not_healthy(world: World):
    lose(world, 0)
    world.pass_time(3)
    lose(world, 1)

    assert reasons(world) == [(Why.PEER_UNHEALTHY, "a"), (Why.SERVICE_WITHIN_DELAY, "b")]
    assert told(world)[0].values == {"services": "Cisco XCP Router"}


def test_only_the_engine_misses_a_node(world: World):
    world.cut = {("engine", "a")}
    world.run(10)

    assert world.states == (S.NORMAL, S.NORMAL)
    assert reasons(world) == [(Why.ONLY_ENGINE_MISSES, "a")]


def test_only_the_peer_misses_a_node(world: World):
    world.cut = {("a", "b"), ("b", "a")}
    world.run(10)

    assert world.states == (S.NORMAL, S.NORMAL)
    assert reasons(world) == [(Why.ONLY_PEER_MISSES, "a"), (Why.ONLY_PEER_MISSES, "b")]


def test_a_silent_node_has_time_until_the_limit(world: World):
    world.nodes[0].crash()
    world.pass_time(3)

    (hindrance,) = told(world)

    assert hindrance.why is Why.SILENCE_WITHIN_LIMIT
    assert hindrance.values["limit_s"] == 4
    assert hindrance.values["left_s"] == pytest.approx(1, abs=0.3)


def test_with_both_nodes_silent_there_is_no_second_witness(world: World):
    world.nodes[0].crash()
    world.nodes[1].crash()
    world.pass_time(1)

    assert reasons(world) == [(Why.NO_SECOND_WITNESS, "a"), (Why.NO_SECOND_WITNESS, "b")]


def test_a_node_that_was_never_heard_cannot_be_missed(world: World):
    world.nodes[0].crash()
    never, other = world.probed().nodes
    pair = replace(world.pair, nodes=(replace(never, heard_at=None, last_report=None), other))

    found = why_not(pair, settings=world.settings, now=world.now)

    assert [(h.why, h.node) for h in found] == [(Why.NEVER_HEARD, "a")]


def test_without_high_availability_nobody_takes_over(world: World):
    world.pair = replace(world.pair, ha_enabled=False)
    world.run(1)
    lose(world, 1)

    assert reasons(world) == [(Why.HA_OFF, "b")]


def test_a_blind_engine_only_observes(world: World):
    assert [h.why for h in told(world, blind=True)] == [Why.BLIND]


def test_a_failed_group_waits_for_recover(world: World):
    lose(world, 0)
    lose(world, 1)
    world.run(5)

    assert world.states == (S.FAILED, S.FAILED)
    assert [h.why for h in told(world)] == [Why.GROUP_FAILED]


def test_a_change_under_way_goes_first(world: World):
    lose(world, 0)
    world.pass_time(2)
    world.step()
    lose(world, 1)

    assert world.states == (S.FAILING_OVER, S.TAKING_OVER)
    (hindrance,) = told(world)
    assert (hindrance.why, hindrance.node) == (Why.IN_TRANSITION, "b")
    assert hindrance.values["left_s"] == pytest.approx(20, abs=1)


def test_an_idle_node_whose_backup_is_silent_belongs_to_a_failed_group(world: World):
    world.step(Request(Action.FAILOVER, 0))
    world.run(3)
    assert world.states == (S.IDLE, S.BACKUP)
    world.nodes[1].crash()
    world.run(10)
    assert reasons(world) == [(Why.GROUP_FAILED, ""), (Why.KEEPS_SERVING, "b")]


def test_a_node_that_keeps_serving_when_isolated_keeps_its_users():
    world = World(settings=replace(SETTINGS, keep_serving_when_isolated=True))
    world.run(1)
    world.nodes[0].crash()
    world.run(3)
    assert reasons(world) == [(Why.SILENCE_WITHIN_LIMIT, "a")]
    world.run(60)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert reasons(world) == [(Why.KEEPS_SERVING, "a")]


def test_a_node_that_still_goes_by_a_longer_limit_is_waited_for(world: World):
    world.nodes[0].crash()
    world.settings = replace(world.settings, keep_alive_timeout=2.5)
    world.run(3)
    assert reasons(world) == [(Why.MAY_STILL_SERVE, "a")]
    world.run(1)
    assert world.states == (S.DOWN, S.BACKUP)


def test_a_silent_backup_that_may_still_serve_keeps_its_users(world: World):
    lose(world, 0)
    world.run(3)
    assert world.states[1] is S.BACKUP
    world.nodes[0].services_up = True
    world.cut = {("b", "engine"), ("engine", "b"), ("a", "b"), ("b", "a")}
    world.step()
    pair = world.probed()
    serving = replace(pair.nodes[1].last_report, isolation_limit_s=0.0)
    stubborn = replace(pair.nodes[1], last_report=serving)
    world.pair = replace(world.pair, nodes=(world.pair.nodes[0], stubborn))
    world.pass_time(8)

    assert (Why.KEEPS_SERVING, "b") in reasons(world)


def test_the_automatic_fallback_is_held(world: World):
    lose(world, 0)
    world.run(3)
    world.nodes[0].services_up = True
    world.run(1)
    pair = replace(world.pair, automatic_failovers=(world.now, world.now))
    world.pair = pair

    assert told(world) == []
    assert [(h.why, h.node) for h in told(world, automatic_fallback=True)] == [(Why.HELD, "a")]


def test_reports_are_counted_on_to_now(world: World):
    lose(world, 0)
    pair = world.probed()
    world.clock += 1.5

    (hindrance,) = why_not(as_of(pair, world.now), settings=world.settings, now=world.now)

    assert hindrance.values["down_s"] == 1.5


def test_on_random_lives_trouble_is_either_acted_upon_or_explained():
    failovers = {row.rule for row in ROWS if row.counts}
    explained = acted = 0
    for seed in range(150):
        world = live(seed, 12).world
        pair = world.probed()
        if world.states != (S.NORMAL, S.NORMAL) or not any(n.reachable for n in pair.nodes):
            continue
        decision = decide(pair, settings=world.in_force, now=world.now)
        hindrances = why_not(pair, settings=world.in_force, now=world.now)
        a, b = pair.nodes
        ways = (Facts(a, b, 0, pair, world.in_force, world.now),
                Facts(b, a, 1, pair, world.in_force, world.now))  # fmt: skip
        troubled = {f.a.name for f in ways if is_in_trouble(f)}
        if decision.rule is None and troubled:
            assert {h.node for h in hindrances} == troubled, (seed, troubled, hindrances)
            explained += 1
        if decision.rule in failovers and decision.values is not None:
            assert decision.values["node"] not in {h.node for h in hindrances}, seed
            acted += 1
    assert explained
    assert acted
