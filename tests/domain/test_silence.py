"""A node that cannot be asked: what follows from its silence, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from prg_admin.domain.conditions import CONDITIONS
from prg_admin.domain.facts import Facts
from prg_admin.domain.silence import fence_wait, is_fenced, never_stops
from prg_admin.domain.timing import DOOR_MARGIN_S
from prg_admin.domain.transitions import When
from tests.domain.simulation import SETTINGS, World

KEEP_SERVING = replace(SETTINGS, keep_serving_when_isolated=True)
AWAY = timedelta(seconds=100)


def normal(settings=SETTINGS) -> World:
    world = World(settings=settings)
    world.run(1)
    return world


def a_is_missed(world: World, *, by_engine: float, by_peer: float) -> Facts:
    """Both nodes as the engine knew them, A missed for so many seconds by each witness."""
    a, b = world.probed().nodes
    said = b.last_report
    a = replace(a, reachable=False, heard_at=world.now - timedelta(seconds=by_engine))
    b = replace(b, last_report=replace(said, peer=replace(said.peer, silence_s=by_peer)))
    return Facts(a, b, 0, world.pair, world.settings, world.now)


def test_the_fence_is_waited_for_until_its_door_has_closed_too():
    world = normal()
    a = world.probed().nodes[0]
    limit = a.last_report.isolation_limit_s
    wait = fence_wait(a, SETTINGS)
    assert wait == limit + DOOR_MARGIN_S
    assert not is_fenced(a_is_missed(world, by_engine=limit, by_peer=limit))
    assert is_fenced(a_is_missed(world, by_engine=wait, by_peer=wait))


@pytest.mark.parametrize(("by_engine", "by_peer"), [(100, 0), (0, 100)])
def test_one_witness_alone_fences_nobody(by_engine: float, by_peer: float):
    assert not is_fenced(a_is_missed(normal(), by_engine=by_engine, by_peer=by_peer))


def test_who_said_goodbye_is_fenced_at_once():
    facts = a_is_missed(normal(), by_engine=0, by_peer=0)
    assert not is_fenced(facts)
    assert is_fenced(replace(facts, a=replace(facts.a, goodbye=True)))


def test_who_said_goodbye_and_answers_is_not_gone():
    facts = a_is_missed(normal(), by_engine=0, by_peer=0)
    said = replace(facts.a, goodbye=True)
    assert CONDITIONS[When.GOODBYE_A](replace(facts, a=said)) is not None
    back = replace(said, reachable=True)
    assert CONDITIONS[When.GOODBYE_A](replace(facts, a=back)) is None


def test_a_node_that_keeps_serving_never_stops_until_somebody_answers_for_it():
    facts = a_is_missed(normal(KEEP_SERVING), by_engine=100, by_peer=100)
    assert never_stops(facts.a)
    assert not is_fenced(facts)
    stated = replace(facts, a=replace(facts.a, stated_off_at=facts.now))
    assert not never_stops(stated.a)
    assert is_fenced(stated)


def test_whoever_is_stated_to_be_off_and_is_heard_by_its_peer_is_not_fenced():
    facts = a_is_missed(normal(KEEP_SERVING), by_engine=100, by_peer=0)
    assert not is_fenced(replace(facts, a=replace(facts.a, stated_off_at=facts.now)))


def test_what_was_stated_before_the_node_was_heard_again_is_past():
    facts = a_is_missed(normal(KEEP_SERVING), by_engine=10, by_peer=10)
    stated = replace(facts.a, stated_off_at=facts.now - AWAY)
    assert not is_fenced(replace(facts, a=stated))
