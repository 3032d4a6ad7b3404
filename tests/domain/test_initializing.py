"""The start of a pair: it ends, well or with a reason."""

from __future__ import annotations

from dataclasses import replace

from prg_admin.domain.limitations import limitation
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.timing import initialization_deadline, service_delay, transition_limit
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


# After Recover: what is being started is not down.


def recovering(starts_in: tuple[float, float]) -> World:
    """Both nodes had lost their services; they are started again, slowly."""
    world = World()
    world.run(1)
    for node in world.nodes:
        node.services_up, node.down_since = False, world.clock
        node.settle(world.clock)
    world.run(3)
    assert world.states == (S.FAILED, S.FAILED)
    for node, seconds in zip(world.nodes, starts_in, strict=True):
        node.starts_in = seconds
    world.step(Request(Action.RECOVER))
    return world


def test_services_that_start_slower_than_the_delay_are_waited_for():
    slow = service_delay(SETTINGS) + 5
    world = recovering((slow, slow))
    world.run(slow - 2)
    assert world.states == (S.INITIALIZING, S.INITIALIZING)
    world.run(4)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_services_that_have_not_started_by_the_deadline_are_down():
    world = recovering((1e9, 0))
    world.run(transition_limit(SETTINGS) - 2)
    assert world.states == (S.INITIALIZING, S.INITIALIZING)
    world.run(4)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert world.reasons == (R.CRITICAL_SERVICE_DOWN, R.CRITICAL_SERVICE_DOWN)


def test_services_that_have_started_on_neither_node_by_the_deadline_fail_the_group_again():
    world = recovering((1e9, 1e9))
    world.run(transition_limit(SETTINGS) + 2)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.rules[-1] == "init-both-down"


def test_a_service_that_failed_to_start_is_down_after_the_delay():
    world = recovering((1e9, 0))
    world.run(1)
    world.nodes[0].stopped_by_order = False  # its start has ended, with an error
    world.run(service_delay(SETTINGS) + 1)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
