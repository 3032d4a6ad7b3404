"""A node that was failed over: what becomes of it until it is fallen back to."""

from __future__ import annotations

import pytest

from prg_admin.domain.states import NodeState, Reason
from tests.domain.simulation import World

S, R = NodeState, Reason


@pytest.fixture
def world() -> World:
    """A lost a service and has it back, B serves everybody."""
    world = World()
    world.run(1)
    world.nodes[0].services_up, world.nodes[0].down_since = False, world.clock
    world.run(4)
    world.nodes[0].services_up = True
    world.run(1)
    assert world.states == (S.FAILED_OVER, S.BACKUP)
    return world


def test_a_database_that_fails_on_it_is_named(world: World):
    world.nodes[0].database_up, world.nodes[0].database_down_since = False, world.clock
    world.run(1)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert world.reasons == (R.DATABASE_FAILURE, R.CRITICAL_SERVICE_DOWN)
    world.nodes[0].database_up = True
    world.run(1)
    assert world.states == (S.FAILED_OVER, S.BACKUP)


def test_a_service_that_fails_on_it_is_named(world: World):
    world.nodes[0].services_up, world.nodes[0].down_since = False, world.clock
    world.run(1)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert world.reasons == (R.CRITICAL_SERVICE_DOWN, R.CRITICAL_SERVICE_DOWN)


def test_the_return_of_a_node_that_was_down_is_no_restart(world: World):
    """Somebody missed it: the page says that it answers again, and nothing else."""
    world.nodes[0].crash()
    world.run(6)
    assert world.states == (S.DOWN, S.BACKUP)
    before = len(world.rules)
    world.nodes[0].start(world.clock)
    world.run(2)
    rules = [rule for rule in world.rules[before:] if rule != "next-order"]
    assert rules == ["returned", "services-back"]
