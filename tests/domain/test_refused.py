"""A host that refuses every connection has no agent: known in seconds, its door waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.silence import fence_wait
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.timing import REFUSED_S, RecoverySettings, refused_limit, worst_case
from tests.domain.simulation import SETTINGS, World

S, R = NodeState, Reason
SLOW = replace(SETTINGS, keep_alive_timeout=30, initialization_timeout=30, transition_deadline=60)


def normal(settings: RecoverySettings = SLOW) -> World:
    world = World(settings=settings)
    world.run(1)
    assert world.states == (S.NORMAL, S.NORMAL)
    return world


def test_a_dead_agent_is_known_in_seconds_and_its_door_is_waited_for():
    world = normal()
    world.nodes[0].lose_agent()
    world.run(REFUSED_S + 1)
    assert world.states == (S.DOWN, S.TAKING_OVER)
    assert world.reasons == (R.PEER_DOWN, R.PEER_DOWN)
    assert (world.nodes[0].serving, world.nodes[1].serving) == ({"a"}, {"b"})
    world.run(fence_wait(world.pair.nodes[0], SLOW))  # ``World.check`` watches
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.nodes[1].serving == {"a", "b"}


def test_users_of_a_refusing_host_are_served_sooner_than_those_of_a_silent_one():
    def served_after(*, refused: bool) -> float:
        world = normal()
        world.nodes[0].lose_agent()
        if not refused:
            world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
        began = world.clock
        while world.nodes[1].serving != {"a", "b"}:
            world.run(1)
        return world.clock - began

    assert served_after(refused=True) < served_after(refused=False)


def test_an_agent_that_is_back_soon_was_only_restarted():
    world = normal()
    world.nodes[0].lose_agent()
    world.run(REFUSED_S - 1)
    world.nodes[0].start(world.clock)
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert "refused" not in world.rules


@pytest.mark.parametrize("heard_by", ["engine", "b"])
def test_one_refused_witness_is_not_enough(heard_by: str):
    world = normal()
    world.nodes[0].lose_agent()
    world.cut = {(heard_by, "a"), ("a", heard_by)}
    world.run(REFUSED_S + 5)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_a_dead_agent_whose_door_has_no_end_moves_nobody():
    world = normal(replace(SLOW, keep_serving_when_isolated=True))
    world.nodes[0].lose_agent()
    world.run(200)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert world.nodes[0].serving == {"a"}


def test_where_a_transition_may_not_take_so_long_the_silence_limit_has_to_do():
    world = normal(replace(SLOW, transition_deadline=10))
    world.nodes[0].lose_agent()
    world.run(28)
    assert world.states == (S.NORMAL, S.NORMAL)
    world.run(5)
    assert world.states == (S.DOWN, S.BACKUP)
    assert "refused" not in world.rules


def test_the_worst_case_of_a_refused_connection_is_below_that_of_a_silent_host():
    worst = worst_case(RecoverySettings())
    assert (worst.refused.detected_s, worst.silent.detected_s) == (64, 91)
    assert worst.refused.served_s is not None
    assert worst.silent.served_s is not None
    assert worst.refused.served_s < worst.silent.served_s
    doubled = RecoverySettings(multiple_device_messaging=True)
    assert refused_limit(doubled) == REFUSED_S
    assert worst_case(doubled).refused.served_s == pytest.approx(60 + 0.75 * 120 + 0.25 + 1.3)
