"""A person answers for a node that cannot be asked and would go on serving: it is powered off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.limitations import Limitation, refusal
from prg_admin.domain.pair import decide
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState, Reason
from tests.domain.simulation import SETTINGS, World

S, R = NodeState, Reason
KEEP_SERVING = replace(SETTINGS, keep_serving_when_isolated=True)
OFF_A = Request(Action.POWERED_OFF, 0)
RECOVER_WITHOUT_B = Request(Action.RECOVER, powered_off=(1,))


def refused(world: World, request: Request) -> Limitation | None:
    return refusal(world.probed(), request, settings=world.settings)


def backup_dead_beside_idle() -> World:
    """B served everybody, and need not isolate itself, for A is Idle."""
    world = World()
    world.run(1)
    world.step(Request(Action.FAILOVER, 0))
    world.run(2)
    assert world.states == (S.IDLE, S.BACKUP)
    world.nodes[1].crash()
    world.run(10)
    assert world.states == (S.FAILED, S.FAILED)
    return world


def keeps_serving_and_is_silent(*, alive: bool = False) -> World:
    world = World(settings=KEEP_SERVING)
    world.run(1)
    if not alive:
        world.nodes[0].crash()
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.run(10)
    assert world.states == (S.NORMAL, S.NORMAL)
    return world


def test_a_recovery_need_not_wait_for_a_backup_that_is_stated_to_be_off():
    world = backup_dead_beside_idle()
    assert refused(world, Request(Action.RECOVER)) is Limitation.MAY_STILL_SERVE
    decision = world.step(RECOVER_WITHOUT_B)
    assert decision.rule == "recover-asked"
    assert decision.values == {"powered_off": ["b"]}
    world.run(12)
    assert world.states == (S.BACKUP, S.DOWN)
    assert world.nodes[0].serving == {"a", "b"}


def test_it_comes_home_by_a_fallback_when_it_is_powered_on():
    world = backup_dead_beside_idle()
    world.step(RECOVER_WITHOUT_B)
    world.run(12)
    world.nodes[1].start(world.clock)
    world.run(2)
    assert world.states == (S.BACKUP, S.FAILED_OVER)
    world.step(Request(Action.FALLBACK, 1))
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_the_users_of_a_node_that_keeps_serving_are_moved_when_it_is_stated_to_be_off():
    world = keeps_serving_and_is_silent()
    assert world.step(OFF_A).rule == "stated-off"
    assert world.states == (S.NORMAL, S.NORMAL)
    world.run(1)
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.reasons == (R.PEER_DOWN, R.PEER_DOWN)
    assert world.nodes[1].serving == {"a", "b"}


def test_the_backup_that_died_during_a_fallback_is_stated_to_be_off():
    world = World()
    world.run(1)
    world.step(Request(Action.FAILOVER, 0))
    world.run(2)
    world.nodes[0].starts_in = 3
    world.step(Request(Action.FALLBACK, 0))
    world.mail()
    world.nodes[1].crash()
    world.run(SETTINGS.transition_deadline + 6)
    assert world.states == (S.FAILED, S.FAILED)
    world.step(RECOVER_WITHOUT_B)
    world.run(12)
    assert world.states == (S.BACKUP, S.DOWN)


def test_what_was_stated_ends_when_the_node_is_heard():
    world = keeps_serving_and_is_silent()
    world.step(OFF_A)
    world.cut = set()
    world.nodes[0].start(world.clock)
    world.run(2)
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.run(5)
    assert not world.probed().nodes[0].stated_off


def test_nobody_answers_for_a_node_that_is_heard_or_stops_by_itself():
    world = keeps_serving_and_is_silent()
    assert refused(world, Request(Action.POWERED_OFF, 1)) is Limitation.NOT_IN_DOUBT
    stops = World()
    stops.run(1)
    stops.nodes[0].crash()
    stops.run(1)
    assert refused(stops, OFF_A) is Limitation.NOT_IN_DOUBT


def test_nobody_answers_for_a_node_that_its_peer_hears():
    world = World(settings=KEEP_SERVING)
    world.run(1)
    world.cut = {("engine", "a"), ("a", "engine")}
    world.run(10)
    assert refused(world, OFF_A) is Limitation.STILL_HEARD


def test_nobody_answers_for_a_node_whose_peer_cannot_be_asked():
    world = keeps_serving_and_is_silent()
    world.nodes[1].crash()
    assert refused(world, OFF_A) is Limitation.PEER_UNREACHABLE


def test_nobody_answers_for_a_node_that_would_serve_at_once_after_its_start():
    """It has not heard that High Availability is on."""
    world = World()
    world.run(1)
    world.switch_ha(on=False)
    world.run(1)
    world.nodes[0].crash()
    world.switch_ha(on=True)
    world.run(5)
    assert refused(world, OFF_A) is Limitation.SERVES_UNASKED


def test_a_statement_goes_with_recover_alone():
    world = keeps_serving_and_is_silent()
    for request in (
        Request(Action.FAILOVER, 0, powered_off=(0,)),
        Request(Action.RECOVER, powered_off=(2,)),
    ):
        with pytest.raises(ValueError, match=r"statement|no nodes"):
            decide(world.probed(), settings=KEEP_SERVING, now=world.now, request=request)


def test_only_a_false_statement_can_have_a_user_served_twice():
    """The engine cannot know better: that is why it asks a person, and keeps the name."""
    world = keeps_serving_and_is_silent(alive=True)
    world.run(100)  # ``World.check`` watches
    world.step(OFF_A)
    with pytest.raises(AssertionError, match="served by both"):
        world.run(5)


def test_a_false_statement_about_a_node_that_one_witness_hears_has_no_effect():
    world = keeps_serving_and_is_silent(alive=True)
    world.step(OFF_A)
    world.cut = {("engine", "a"), ("a", "engine")}
    world.heartbeats()
    world.run(100)
    assert world.states == (S.NORMAL, S.NORMAL)
