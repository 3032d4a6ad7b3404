"""The outlook equals what then happens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.foresight import foresee
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState
from tests.domain.simulation import World

S = NodeState


def outlook(world: World, request: Request | None = None) -> list[str | None]:
    coming = foresee(world.probed(), settings=world.settings, now=world.now, request=request)
    return [step.decision.rule for step in coming]


def lose(world: World, index: int) -> None:
    node = world.nodes[index]
    node.services_up, node.down_since = False, world.clock
    node.settle(world.clock)


@pytest.mark.parametrize("lost", [(), (0,), (1,), (0, 1)])
def test_enabling_high_availability_goes_as_foreseen(lost: tuple[int, ...]):
    world = World()
    for index in lost:
        lose(world, index)
    foreseen = outlook(world)
    world.run(10)
    assert world.rules == foreseen
    expected = {(): S.NORMAL, (0,): S.FAILED_OVER_SERVICES_DOWN, (1,): S.BACKUP, (0, 1): S.FAILED}
    assert world.states[0] is expected[lost]


@pytest.mark.parametrize("index", [0, 1])
def test_a_failover_goes_as_foreseen(index: int):
    world = World()
    world.run(1)
    asked = Request(Action.FAILOVER, index)
    foreseen = outlook(world, asked)
    before = len(world.rules)
    world.step(asked)
    world.run(3)
    assert world.rules[before:] == foreseen
    assert foreseen[-1] == "take-over-done-idle"


def test_a_pair_at_rest_has_nothing_before_it():
    world = World()
    world.run(1)
    assert outlook(world) == []


def test_the_outlook_says_when():
    world = World()
    world.run(1)
    lose(world, 0)
    coming = foresee(world.probed(), settings=world.settings, now=world.now)
    assert coming[0].decision.rule == "service-down"
    assert coming[0].after_s == pytest.approx(world.settings.critical_service_delay, abs=0.01)


def test_other_timings_change_the_outlook():
    world = World()
    world.run(1)
    lose(world, 0)
    slow = replace(world.settings, critical_service_delay=600)
    coming = foresee(world.probed(), settings=slow, now=world.now)
    assert coming[0].after_s == pytest.approx(600, abs=0.01)
