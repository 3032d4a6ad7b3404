"""Single conditions of the table, at the values between which they turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from prg_admin.domain.conditions import CONDITIONS
from prg_admin.domain.facts import Facts, NodeView
from prg_admin.domain.health import services_down
from prg_admin.domain.pair import decide
from prg_admin.domain.silence import peer_silence
from prg_admin.domain.states import XCP_AUTHENTICATION, NodeState, Reason, Role, ServiceState
from prg_admin.domain.transitions import When
from tests.domain.simulation import SETTINGS, World
from tests.domain.test_health import facts_of, idle_world, under_a_later_order
from tests.domain.test_silence import a_is_missed, normal
from tests.domain.test_transitions import lose_service

S = NodeState


def holds(when: When, facts: Facts) -> bool:
    return CONDITIONS[when](facts) is not None


def in_state(node: NodeView, state: NodeState, reason: Reason = Reason.NORMAL) -> NodeView:
    return replace(node, state=state, reason=reason)


def test_the_first_boot_that_is_heard_is_no_restart():
    facts = facts_of(normal())
    assert holds(When.RESTARTED_A, replace(facts, a=replace(facts.a, boot_id="an earlier one")))
    assert not holds(When.RESTARTED_A, replace(facts, a=replace(facts.a, boot_id="")))
    assert not holds(When.RESTARTED_A, facts)


def test_a_node_that_starts_may_be_silent_for_longer():
    between = (SETTINGS.keep_alive_timeout + SETTINGS.initialization_timeout) / 2
    facts = a_is_missed(normal(), by_engine=between, by_peer=between)
    assert holds(When.GONE_A, replace(facts, a=in_state(facts.a, S.NORMAL)))
    assert not holds(When.GONE_A, replace(facts, a=in_state(facts.a, S.INITIALIZING)))


def test_of_two_nodes_one_that_is_gone_is_as_unfit_as_one_without_its_services():
    world = normal()
    lose_service(world, 1)
    world.pass_time(SETTINGS.critical_service_delay + 1)
    assert not holds(When.UNFIT_BOTH, facts_of(world))
    assert holds(When.UNFIT_BOTH, a_is_missed(world, by_engine=100, by_peer=100))


@pytest.mark.parametrize("late", ["a", "b"])
def test_both_nodes_have_to_say_that_they_let_go(late: str):
    facts = facts_of(idle_world())
    assert holds(When.RELEASED, facts)
    node = under_a_later_order(getattr(facts, late))
    assert not holds(When.RELEASED, replace(facts, **{late: node}))


def test_a_service_that_is_not_critical_may_be_down():
    node = facts_of(normal()).a
    report = node.last_report
    extra = replace(
        report.services[0], name=XCP_AUTHENTICATION, state=ServiceState.STOPPED, down_s=9.0
    )
    down = replace(node, last_report=replace(report, services=(*report.services, extra)))
    assert services_down(down, SETTINGS) == {}
    monitored = replace(SETTINGS, monitor_xcp_authentication=True)
    assert services_down(down, monitored) == {XCP_AUTHENTICATION: 9.0}


def test_who_hears_another_node_is_no_witness():
    facts = a_is_missed(normal(), by_engine=100, by_peer=100)
    report = facts.b.last_report
    stranger = replace(report, peer=replace(report.peer, name="c"))
    assert peer_silence(facts.a, facts.b) == 100
    assert peer_silence(facts.a, replace(facts.b, last_report=stranger)) is None


# What ``decide`` makes of them.


@pytest.mark.parametrize(
    ("reason", "rule"), [(Reason.PEER_DOWN, "both-heard-again"), (Reason.START_FAILED, None)]
)
def test_a_failed_group_goes_on_by_itself_only_when_its_nodes_had_been_missed(reason, rule):
    world = normal()
    nodes = tuple(in_state(node, S.FAILED, reason) for node in world.probed().nodes)
    pair = replace(world.probed(), nodes=nodes)
    assert decide(pair, settings=SETTINGS, now=world.now).rule == rule


def test_a_node_that_is_lost_counts_as_an_automatic_failover():
    world = normal()
    world.nodes[0].crash()
    world.run(10)
    assert world.states == (S.DOWN, S.BACKUP)
    assert len(world.pair.automatic_failovers) == 1


def test_no_order_changes_while_neither_node_answers():
    world = World()
    world.run(1)
    pair = world.probed()
    gone = tuple(replace(n, reachable=False, goodbye=True, heard_at=world.now) for n in pair.nodes)
    waiting = replace(gone[0], ordered=Role.STANDBY)
    unanswered = replace(pair, nodes=(waiting, gone[1]))
    soon = world.now + timedelta(seconds=1)
    assert decide(unanswered, settings=SETTINGS, now=soon).rule is None
