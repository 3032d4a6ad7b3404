"""Orders that may still arrive: what is feared of their node, and when nothing is any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.orders import due_order, goal_of
from prg_admin.domain.states import Role
from prg_admin.domain.under_way import as_if_taken, sent
from prg_admin.domain.wire import Goal, Report
from tests.domain.simulation import World


@pytest.fixture
def world() -> World:
    world = World()
    world.run(1)
    return world


@pytest.fixture
def report(world: World) -> Report:
    """Serves its own users, isolates itself."""
    report = world.probed().nodes[0].last_report
    assert report is not None
    assert report.isolates
    return report


@pytest.fixture
def goal(world: World) -> Goal:
    return goal_of(world.pair, 0, world.settings)


def feared(report: Report, *goals: Goal) -> Report:
    under_way = None
    for goal in goals:
        under_way = sent(under_way, report, goal)
    return as_if_taken(report, under_way)


def test_an_order_may_loosen_the_fence(report: Report, goal: Goal):
    assert feared(report, replace(goal, fence=False)).isolation_limit_s == 0


def test_an_order_may_make_a_standby_serve(report: Report, goal: Goal):
    standby = replace(report, role=Role.STANDBY, isolation_limit_s=0.0, goal_digest="")
    assert feared(standby, goal).isolation_limit_s == goal.timing.isolation_limit
    assert feared(standby, replace(goal, fence=False)).role is Role.OWN


def test_an_order_to_serve_nobody_makes_nothing_worse(report: Report, goal: Goal):
    assert feared(report, replace(goal, role=Role.STANDBY)) == report


def test_of_several_orders_the_worst_is_feared(report: Report, goal: Goal):
    loose, strict = replace(goal, fence=False), replace(goal, epoch=goal.epoch + 1)
    idle = replace(goal, role=Role.IDLE)
    for goals in ((loose, strict, idle), (idle, strict, loose), (strict, idle, loose)):
        assert feared(report, *goals).isolation_limit_s == 0
    assert feared(report, idle, strict) == report


def test_nothing_is_feared_once_a_later_order_is_accepted(report: Report, goal: Goal):
    under_way = sent(None, report, replace(goal, fence=False))
    asked_again = replace(report, seq=report.seq + 1)
    assert as_if_taken(asked_again, under_way) != asked_again
    accepted = replace(asked_again, order_seq=report.seq)
    assert as_if_taken(accepted, under_way) == accepted
    assert sent(under_way, accepted, goal).isolation_limit_s == goal.timing.isolation_limit


def test_after_a_restart_the_former_boots_orders_are_feared_until_one_is_accepted(
    report: Report, goal: Goal
):
    """The report may be the elder of the two: one of a worker that was held up."""
    under_way = sent(None, report, replace(goal, fence=False))
    other = replace(report, boot_id="other", order_seq=99)
    assert not as_if_taken(other, under_way).isolates
    again = sent(under_way, other, goal)
    assert (again.boot_id, again.seq, again.isolation_limit_s) == ("other", other.seq, 0)


def test_an_order_without_an_answer_is_followed_by_one_that_makes_it_void(world: World):
    node, goal = world.probed().nodes[0], goal_of(world.pair, 0, world.settings)
    assert due_order(node, goal) is None
    assert node.report is not None
    other = sent(None, replace(node.report, seq=10**6), replace(goal, fence=False))
    unanswered = replace(node, under_way=sent(other, node.report, goal))
    order = due_order(unanswered, goal)
    assert order is not None
    assert (order.goal, order.seq) == (goal, node.report.seq)


def test_several_engines_that_send_the_same_goal_end_at_once(world: World):
    """Each has the other's order under way when its own is answered."""
    node, goal = world.probed().nodes[0], goal_of(world.pair, 0, world.settings)
    assert node.report is not None
    former = sent(None, node.report, replace(goal, fence=False))
    first = sent(former, replace(node.report, seq=node.report.seq + 1), goal)
    second = sent(first, replace(node.report, seq=node.report.seq + 2), goal)
    answer = replace(node.report, seq=node.report.seq + 3, order_seq=node.report.seq + 1)
    told = replace(node, last_report=answer, under_way=second)
    assert due_order(told, goal) is None
    assert as_if_taken(answer, second) == answer  # what it may take up yet, it follows
    assert as_if_taken(replace(answer, goal_digest="former"), second) != answer
    assert due_order(replace(told, under_way=sent(second, answer, replace(goal, epoch=9))), goal)


def test_a_late_order_is_refused_a_repeated_one_is_not(world: World):
    node = world.nodes[0]
    goal = goal_of(world.pair, 0, world.settings)
    order = due_order(replace(world.probed().nodes[0], ordered_epoch=9), replace(goal, epoch=9))
    assert order is not None
    node.put(order, world.clock)
    assert not node.is_overtaken(order)
    assert node.is_overtaken(replace(order, goal=goal))
    assert node.is_overtaken(replace(order, seq=order.seq - 1))
