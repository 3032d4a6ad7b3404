"""The start of a pair: it ends, well or with a reason."""

from __future__ import annotations

from dataclasses import replace

from prg_admin.domain.facts import Action
from prg_admin.domain.pair import limitation
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.timing import initialization_deadline
from tests.domain.simulation import SETTINGS, World

S, R = NodeState, Reason
DEADLINE = initialization_deadline(SETTINGS)


def test_with_a_node_that_was_never_heard_the_start_ends_failed_and_moves_nobody():
    world = World()
    world.nodes[0].crash()
    world.heard = [-1e9, world.clock]
    world.run(DEADLINE - 1)
    assert world.states == (S.INITIALIZING, S.INITIALIZING)
    world.run(2)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.reasons == (R.PEER_DOWN_INITIALIZING, R.PEER_DOWN_INITIALIZING)
    assert world.nodes[1].serving == {"b"}


def test_the_missing_node_comes_and_the_pair_goes_on_by_itself():
    world = World()
    world.nodes[0].crash()
    world.run(DEADLINE + 1)
    assert world.states == (S.FAILED, S.FAILED)
    world.nodes[0].start(world.clock)
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_a_node_that_keeps_serving_and_falls_silent_during_the_start_ends_it_failed():
    world = World(settings=replace(SETTINGS, keep_serving_when_isolated=True))
    world.step()
    world.mail()
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.run(DEADLINE + 1)
    assert world.states == (S.FAILED, S.FAILED)
    assert "take-over-overdue" not in world.rules
    world.cut = set()
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_a_node_that_answers_and_does_not_follow_its_order_ends_the_start_failed():
    """It is fenced: it hears the engine's questions, and nobody hears it."""
    world = World()
    world.step()
    world.cut = {("a", "b"), ("b", "a")}
    world.nodes[0].renewed = -1e9
    world.alive_call_in = lambda index, node: None  # type: ignore[method-assign]
    world.run(DEADLINE + 1)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.reasons == (R.UNKNOWN, R.UNKNOWN)
    assert limitation(world.probed(), Action.RECOVER) is None


def test_a_delay_longer_than_the_deadline_is_waited_for():
    world = World(settings=replace(SETTINGS, critical_service_delay=40))
    world.nodes[0].services_up, world.nodes[0].down_since = False, world.clock
    world.run(39)
    assert world.states == (S.INITIALIZING, S.INITIALIZING)
    world.run(3)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
