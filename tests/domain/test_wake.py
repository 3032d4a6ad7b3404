"""When the engine looks again by itself: neither too late for a limit, nor for nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState
from prg_admin.domain.wake import LONGEST_REPROBE_S, wake_in
from tests.domain.simulation import World

S = NodeState


@pytest.fixture
def world() -> World:
    """A pair with High Availability on, both nodes Normal."""
    world = World()
    world.run(1)
    return world


def wake(world: World, *, reprobe: bool = False) -> float | None:
    return wake_in(world.probed(), settings=world.settings, now=world.now, reprobe=reprobe)


def lose_service(world: World, index: int) -> None:
    world.nodes[index].services_up = False
    world.nodes[index].down_since = world.clock
    world.nodes[index].settle(world.clock)


def test_a_quiet_pair_waits_for_the_sweep(world: World):
    assert wake(world) is None


def test_a_service_that_is_down_wakes_at_the_end_of_its_delay(world: World):
    lose_service(world, 0)
    world.pass_time(0.5)
    assert wake(world) == pytest.approx(1.5)


def test_of_two_delays_the_shorter_wakes(world: World):
    lose_service(world, 0)
    world.pass_time(0.5)
    lose_service(world, 1)
    assert wake(world) == pytest.approx(1.5)


def test_a_delay_that_has_run_out_wakes_nobody(world: World):
    lose_service(world, 0)
    lose_service(world, 1)
    world.pass_time(3)
    assert wake(world) is None


def test_a_database_that_is_down_wakes_at_the_end_of_the_delay(world: World):
    world.nodes[1].database_up = False
    world.nodes[1].database_down_since = world.clock
    world.pass_time(0.5)
    assert wake(world) == pytest.approx(1.5)


def test_a_silent_node_wakes_at_the_silence_limit(world: World):
    world.nodes[0].crash()
    world.pass_time(1.5)
    assert wake(world) == pytest.approx(2.5)


def test_a_suspect_is_looked_at_again_well_before_the_limit(world: World):
    world.nodes[0].crash()
    world.pass_time(1)
    soon = wake(world, reprobe=True)
    assert soon is not None
    assert 0 < soon <= min(LONGEST_REPROBE_S, world.settings.heart_beat_interval / 4)


def test_a_silence_counts_from_the_witness_that_heard_last(world: World):
    """The engine has missed it for 3 s, its peer hears it."""
    world.cut = {("engine", "a"), ("a", "engine")}
    world.pass_time(3)
    assert wake(world) == pytest.approx(4)


def test_a_transition_wakes_at_its_deadline(world: World):
    world.step(Request(Action.FAILOVER, 0))
    world.late.clear()
    world.pass_time(5)
    assert wake(world) == pytest.approx(15)


def test_an_automatic_fallback_wakes_when_it_is_due(world: World):
    world.settings = replace(world.settings, automatic_fallback=True, automatic_fallback_delay=60)
    lose_service(world, 0)
    world.run(3)
    world.nodes[0].services_up = True
    world.run(2)
    assert world.states == (S.FAILED_OVER, S.BACKUP)
    assert wake(world) == pytest.approx(58)


@pytest.mark.parametrize("services", [True, False])
def test_without_high_availability_nothing_is_waited_for(world: World, services: bool):
    world.pair = replace(world.pair, ha_enabled=False)
    world.run()
    if services:
        lose_service(world, 0)
    world.nodes[1].crash()
    world.pass_time(1)
    assert wake(world, reprobe=True) is None


def test_a_node_alone_waits_for_nothing(world: World):
    lose_service(world, 0)
    pair = world.probed()
    alone = replace(pair, nodes=pair.nodes[:1])
    assert wake_in(alone, settings=world.settings, now=world.now) is None


@pytest.mark.parametrize("lost", ["service", "database", "node"])
def test_at_the_moment_it_wakes_the_engine_acts(world: World, lost: str):
    before = len(world.rules)
    if lost == "service":
        lose_service(world, 0)
    elif lost == "database":
        world.nodes[0].database_up, world.nodes[0].database_down_since = False, world.clock
    else:
        world.nodes[0].crash()
    world.pass_time(0.25)
    world.step()
    assert len(world.rules) == before
    wait = wake(world)
    assert wait is not None
    world.pass_time(wait)
    assert world.step().changed
