from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prg_admin.agent.right import Right
from prg_admin.domain.states import Role
from prg_admin.domain.wire import Timing
from tests.agent.lab import goal

LIMIT = 10.0
TIMING = Timing(heartbeat_interval=4.0, connect_timeout=1.0, isolation_limit=LIMIT)
OWN = goal(Role.OWN, 1, fence=True, timing=TIMING)
STANDBY = goal(Role.STANDBY, 1, timing=TIMING)
FREE = goal(Role.OWN, 1, ha_enabled=False, timing=TIMING)


def held(at: float = 0.0) -> Right:
    right = Right()
    right.follow(OWN, at)
    right.renew(at, at)
    return right


def test_a_right_begins_with_a_goal_and_somebody_who_heard_us() -> None:
    right = Right()
    right.renew(0.0, 0.1)
    assert right.fenced
    right = Right()
    right.follow(OWN, 0.0)
    assert right.fenced
    right.renew(0.0, 0.1)
    assert not right.fenced


def test_it_ends_by_the_clock_and_the_end_counts_from_the_sending() -> None:
    right = held()
    right.renew(5.0, 6.0)
    assert right.until() == 5.0 + LIMIT
    right.check(14.9)
    assert not right.fenced
    right.check(15.0)
    assert (right.fenced, right.isolated, right.fences) == (True, True, 1)


def test_an_answer_that_comes_too_late_revives_nothing() -> None:
    right = held()
    right.renew(9.0, 10.5)
    assert right.fenced
    right.renew(11.0, 11.1)
    assert right.fenced


def test_after_isolation_a_goal_alone_is_not_enough() -> None:
    right = held()
    right.check(20.0)
    right.follow(OWN, 21.0)
    assert right.fenced
    right.renew(21.0, 21.1)
    assert not right.fenced


def test_standby_needs_no_right_and_takes_none_along() -> None:
    right = held()
    right.follow(STANDBY, 1.0)
    right.check(100.0)
    assert (right.fenced, right.fences) == (False, 0)
    right.follow(OWN, 100.0)
    assert right.fenced


def test_fencing_that_begins_while_serving_counts_from_then() -> None:
    right = Right()
    right.follow(FREE, 0.0)
    right.follow(OWN, 50.0)
    assert not right.fenced
    assert right.until() == 50.0 + LIMIT


def test_without_a_limit_nothing_ends() -> None:
    right = Right()
    right.follow(goal(Role.OWN, 1, fence=True, timing=Timing(4.0, 1.0, 0.0)), 0.0)
    right.check(1e9)
    assert not right.fenced
    assert right.next_ask(1e9) is None


def test_the_engine_is_asked_when_heartbeats_stay_away_and_not_before() -> None:
    right = held()
    assert right.next_ask(0.0) == 4.0 + 0.25 * (LIMIT - 4.0)
    assert right.next_ask(5.5) == 0.0
    right.asked(5.5)
    wait = right.next_ask(5.5)
    assert wait is not None
    assert 0 < wait <= (LIMIT - 5.5) / 8


def test_an_isolated_node_does_not_beg() -> None:
    right = held()
    right.check(20.0)
    assert right.next_ask(20.0) is None
    right.follow(OWN, 20.0)
    assert right.next_ask(20.0) == 0.0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["renew", "check", "own", "standby", "free"]),
        st.floats(0, 15, allow_nan=False),
        st.floats(0, 5, allow_nan=False),
    ),
    max_size=30,
)


@given(STEPS)
def test_nobody_unheard_ever_serves_for_longer_than_the_limit(steps: list) -> None:
    right, now, heard, limited = Right(), 0.0, float("-inf"), False
    for what, pause, travel in steps:
        now += pause
        right.check(now)
        if what == "renew":
            right.renew(now - travel, now)
            heard = max(heard, now - travel)
        elif what != "check":
            if what == "own" and not limited and not right.fenced and right._goal is FREE:
                heard = max(heard, now)
            wanted = {"own": OWN, "standby": STANDBY, "free": FREE}[what]
            right.follow(wanted, now)
            limited = wanted is OWN
        if limited and not right.fenced:
            assert now < heard + LIMIT
