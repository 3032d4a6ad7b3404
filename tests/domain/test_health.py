"""A node that answers: what its report proves, and what it does not."""

from __future__ import annotations

from dataclasses import replace

from prg_admin.domain.conditions import CONDITIONS, fallback_wait
from prg_admin.domain.facts import Facts, NodeView
from prg_admin.domain.health import at_target
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState, Role, ServiceState
from prg_admin.domain.transitions import When
from tests.domain.simulation import SETTINGS, World
from tests.domain.test_transitions import failed_over_world

S = NodeState


def idle_world() -> World:
    world = World()
    world.run(1)
    world.step(Request(Action.FAILOVER, 0))
    world.run(2)
    assert world.states == (S.IDLE, S.BACKUP)
    return world


def facts_of(world: World) -> Facts:
    pair = world.probed()
    return Facts(*pair.nodes, 0, pair, world.settings, world.now)


def under_a_later_order(node: NodeView) -> NodeView:
    return replace(node, ordered_epoch=node.ordered_epoch + 1)


def test_a_report_given_under_an_earlier_order_proves_nothing():
    facts = facts_of(idle_world())
    assert at_target(facts.a, facts.b)
    assert not at_target(under_a_later_order(facts.a), facts.b)


def test_an_idle_node_is_there_only_when_its_services_have_stopped():
    facts = facts_of(idle_world())
    report = facts.a.last_report
    runs = tuple(replace(s, state=ServiceState.STOPPING) for s in report.services)
    stopping = replace(facts.a, last_report=replace(report, services=runs))
    assert not at_target(stopping, facts.b)


def test_users_are_handed_over_only_when_the_other_has_given_them_up():
    facts = facts_of(idle_world())
    assert CONDITIONS[When.HANDED_OVER](facts) is not None
    still = replace(facts.a, last_report=replace(facts.a.last_report, serving=("a",)))
    assert CONDITIONS[When.HANDED_OVER](replace(facts, a=still)) is None


def test_a_node_that_is_not_ready_counts_down_to_no_fallback():
    world = failed_over_world()
    world.settings = replace(SETTINGS, automatic_fallback=True, automatic_fallback_delay=5)
    facts = facts_of(world)
    assert facts.a.state is S.FAILED_OVER
    assert facts.a.target is Role.STANDBY
    assert fallback_wait(facts) is not None
    assert fallback_wait(replace(facts, a=under_a_later_order(facts.a))) is None
