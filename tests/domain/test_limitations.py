"""Why an action is not possible now, reason by reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.limitations import Limitation, limitation
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from tests.domain.simulation import World
from tests.domain.test_transitions import failed_over_world, lose_service

S = NodeState


def normal() -> World:
    world = World()
    world.run(1)
    return world


def with_states(pair: Pair, first: NodeState, second: NodeState) -> Pair:
    a, b = pair.nodes
    return replace(pair, nodes=(replace(a, state=first), replace(b, state=second)))


def unanswered(pair: Pair, *places: int) -> Pair:
    def seen(place: int, node: NodeView) -> NodeView:
        return replace(node, reachable=False) if place in places else node

    return replace(pair, nodes=tuple(seen(i, node) for i, node in enumerate(pair.nodes)))


def test_nobody_is_failed_over_to_a_node_whose_service_is_down():
    world = normal()
    assert limitation(world.probed(), Action.FAILOVER, 0) is None
    lose_service(world, 1)
    assert limitation(world.probed(), Action.FAILOVER, 0) is Limitation.PEER_UNHEALTHY


def test_nobody_falls_back_from_a_node_that_does_not_answer():
    pair = failed_over_world().probed()
    assert limitation(pair, Action.FALLBACK, 0) is None
    assert limitation(unanswered(pair, 1), Action.FALLBACK, 0) is Limitation.PEER_UNREACHABLE
    assert limitation(unanswered(pair, 0), Action.FALLBACK, 0) is Limitation.NODE_UNREACHABLE


def test_nothing_is_recovered_while_neither_node_answers():
    pair = with_states(normal().probed(), S.FAILED, S.FAILED)
    assert limitation(pair, Action.RECOVER) is None
    assert limitation(unanswered(pair, 0), Action.RECOVER) is None
    assert limitation(unanswered(pair, 0, 1), Action.RECOVER) is Limitation.NODE_UNREACHABLE


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((S.INITIALIZING, S.INITIALIZING), None),
        ((S.FAILED, S.FAILED), None),
        ((S.FAILING_OVER, S.TAKING_OVER), Limitation.IN_TRANSITION),
        ((S.TAKING_BACK, S.FALLING_BACK), Limitation.IN_TRANSITION),
        ((S.DOWN, S.BACKUP), Limitation.FAILED_OVER),
    ],
)
def test_high_availability_goes_off_only_while_everybody_is_at_home(states, expected):
    pair = with_states(normal().probed(), *states)
    assert limitation(pair, Action.DISABLE_HA) is expected
