"""The engine on its database and simulated agents: how each recovery goes, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from prg_admin.domain import catalogue
from prg_admin.domain.limitations import Limitation
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.wire import Order
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pair
from prg_admin.parameters.models import ParameterValue
from prg_admin.recovery import cycle, sweep
from prg_admin.topology.agents import Answer
from prg_admin.topology.models import NodeReport
from tests.recovery.agents import Network, SimPair, at, create_sim_pair

S, R = NodeState, Reason
UNSEEN_CHANGES = {"epoch-raised", "restarted"}
"""Of the epoch and of an agent's boot, which the states do not show."""
FALLBACK = ["fallback-asked", "fall-back-ready", "fall-back-done"]


def orders_since(pair: SimPair, count: int) -> list[tuple[str, Role]]:
    return [(name, order.goal.role) for name, order in pair.network.ordered[count:]]


def failed_over(pair: SimPair) -> SimPair:
    """A has lost its service, B serves all; A's service runs again."""
    pair.lose_service(0)
    pair.run(3)
    pair.nodes[0].services_up = True
    pair.run()
    assert pair.states == (S.FAILED_OVER, S.BACKUP)
    return pair


@pytest.fixture(autouse=True)
def what_every_recovery_leaves(db: None) -> Iterator[None]:
    """One event a version, without gaps; epochs and versions only rise; each change is told."""
    yield
    for group in PresenceRedundancyGroup.objects.all():
        events = list(group.events.order_by("version"))
        assert [e.version for e in events] == list(range(2, group.version + 1))
        assert all(a.epoch <= b.epoch for a, b in pairwise(events))
        assert all(a.after == b.before for a, b in pairwise(events))
        assert {e.rule for e in events if e.before == e.after} <= UNSEEN_CHANGES


def test_a_failover_asked_for_during_an_outage_of_the_engine_is_made_after_it():
    pair = create_sim_pair()
    pair.run(1)
    sweep.note_sweep(now=at(pair.clock), by_beat=True)
    assert pair.ask(Action.FAILOVER, 0) is None
    pair.pass_time(1000)
    pair.run()
    assert pair.states == (S.IDLE, S.BACKUP)


def test_ha_on_ends_normal():
    pair = create_sim_pair()
    pair.run(1)
    assert pair.states == (S.NORMAL, S.NORMAL)
    assert pair.fired() == ["ha-on", "init-done"]
    assert pair.served == (["a"], ["b"])


def test_ha_off_leaves_each_node_its_own_users(pair: SimPair):
    PresenceRedundancyGroup.objects.filter(pk=pair.group_id).update(ha_enabled=False)
    pair.run(1)
    assert pair.states == (S.UNKNOWN, S.UNKNOWN)
    assert pair.reasons == (R.HA_NOT_ENABLED, R.HA_NOT_ENABLED)
    assert pair.served == (["a"], ["b"])


def test_a_lost_service_fails_over_after_the_delay(pair: SimPair):
    before, orders = pair.group_version(), len(pair.network.ordered)
    pair.lose_service(0)
    pair.run(1)
    assert pair.events(after=before) == []
    pair.run(1)
    assert pair.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert pair.reasons == (R.CRITICAL_SERVICE_DOWN, R.CRITICAL_SERVICE_DOWN)
    assert [e.rule for e in pair.events(after=before)] == [
        "service-down", "next-order", "take-over-done",
    ]  # fmt: skip
    assert orders_since(pair, orders) == [("a", Role.STANDBY), ("b", Role.BOTH)]
    assert pair.served == ([], ["a", "b"])


def test_the_event_says_who_did_it_and_by_which_values(pair: SimPair):
    before = pair.group_version()
    pair.lose_service(0)
    pair.run(2)
    event = pair.events(after=before)[0]
    assert (event.actor, event.group_name, event.at) == ("engine", "of-a", at(103))
    assert event.values == {
        "node": "a", "delay_s": 2.0, "services_down_s": {"Cisco XCP Router": 2.0},
    }  # fmt: skip
    assert event.before[0]["state"] == S.NORMAL
    assert event.after[0] == {
        "node": "a", "state": S.FAILING_OVER, "reason": R.CRITICAL_SERVICE_DOWN,
        "target": Role.STANDBY, "ordered": Role.STANDBY,
    }  # fmt: skip


def test_each_change_of_who_serves_raises_the_epoch(pair: SimPair):
    before = pair.group_version()
    pair.lose_service(0)
    pair.run(2)
    assert [e.epoch for e in pair.events(after=before)] == [2, 3, 3]
    assert [n.ordered_epoch for n in load_pair(pair.group_id).nodes] == [2, 3]
    assert [n.highest_epoch for n in pair.nodes] == [2, 3]


def test_a_silent_node_is_taken_over(pair: SimPair):
    before = pair.group_version()
    pair.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    pair.run(3)
    assert pair.events(after=before) == []
    pair.run(1)
    assert pair.states == (S.DOWN, S.BACKUP)
    assert pair.reasons == (R.PEER_DOWN, R.PEER_DOWN)
    assert pair.fired(after=before) == ["silent", "take-over-done-down"]
    assert pair.events(after=before)[0].values == {
        "node": "a", "error": "timeout", "limit_s": 4.0,
        "engine_silence_s": 4.0, "peer_silence_s": 4.0,
    }  # fmt: skip
    assert pair.served == ([], ["a", "b"])


def test_a_silent_node_that_returns_comes_home_by_a_fallback(pair: SimPair):
    before = pair.group_version()
    pair.nodes[0].crash()
    pair.run(5)
    pair.nodes[0].start(pair.clock)
    pair.run(1)
    assert pair.states == (S.FAILED_OVER, S.BACKUP)
    assert pair.ask(Action.FALLBACK, 0) is None
    pair.run(2)
    assert pair.states == (S.NORMAL, S.NORMAL)
    assert [rule for rule in pair.fired(after=before) if rule != "restarted"] == [
        "refused", "take-over-done-down", "returned", "services-back", *FALLBACK,
    ]  # fmt: skip


def test_an_asked_failover_stops_the_services_and_a_fallback_starts_them(pair: SimPair):
    before, orders = pair.group_version(), len(pair.network.ordered)
    assert pair.ask(Action.FAILOVER, 1) is None
    pair.run(1)
    assert pair.states == (S.BACKUP, S.IDLE)
    assert pair.reasons == (R.ADMIN_REQUEST, R.ADMIN_REQUEST)
    assert not pair.nodes[1].services_up
    assert pair.ask(Action.FALLBACK, 1) is None
    pair.run(2)
    assert pair.states == (S.NORMAL, S.NORMAL)
    assert pair.nodes[1].services_up
    assert pair.fired(after=before) == ["failover-asked", "take-over-done-idle", *FALLBACK]
    roles = dict.fromkeys(orders_since(pair, orders))  # a goal may go out twice, e.g. its fence
    assert list(roles) == [
        ("b", Role.IDLE), ("a", Role.BOTH), ("b", Role.STANDBY), ("a", Role.OWN), ("b", Role.OWN),
    ]  # fmt: skip


def test_what_a_person_asked_bears_their_name(pair: SimPair):
    before = pair.group_version()
    pair.ask(Action.FAILOVER, 1)
    pair.run(1)
    asked, *rest = pair.events(after=before)
    assert (asked.rule, asked.actor, asked.values) == ("failover-asked", "alice", {"node": "b"})
    assert {event.actor for event in rest} == {"engine"}


def test_services_down_on_both_move_nobody_and_recover_starts_them(pair: SimPair):
    before = pair.group_version()
    pair.lose_service(0)
    pair.lose_service(1)
    pair.run(2)
    assert pair.states == (S.FAILED, S.FAILED)
    assert pair.ask(Action.RECOVER) is None
    pair.run(2)
    assert pair.states == (S.NORMAL, S.NORMAL)
    assert pair.fired(after=before) == [
        "both-down", "recover-asked", "recover-stopped", "init-done",
    ]  # fmt: skip


def test_a_node_that_cannot_be_reached_gets_its_order_later(pair: SimPair):
    pair.cut = {("engine", "a")}
    failover = pair.ask(Action.FAILOVER, 0)
    assert failover is None  # it answered the last probe
    pair.run()
    assert pair.network.ordered[-1][1].goal.role is Role.OWN
    assert pair.states == (S.FAILING_OVER, S.TAKING_OVER)
    assert pair.served[1] == ["b"]  # A was not heard to let go
    pair.cut = set()
    pair.run()
    assert pair.states == (S.IDLE, S.BACKUP)


def test_a_lost_order_is_sent_again_by_the_next_turn(pair: SimPair, monkeypatch):
    pair.ask(Action.FAILOVER, 0)
    with monkeypatch.context() as lossy:
        lossy.setattr(pair.network, "order", lambda orders: [Answer(None, "timeout")] * len(orders))
        pair.advance()
    assert pair.states == (S.FAILING_OVER, S.TAKING_OVER)
    assert pair.served == (["a"], ["b"])
    pair.advance()
    assert pair.states == (S.IDLE, S.BACKUP)


def test_an_order_whose_answer_was_lost_is_not_done_twice(pair: SimPair, monkeypatch):
    before = pair.group_version()
    pair.ask(Action.FAILOVER, 0)
    deliver = pair.network.order

    def lose_answers(orders):
        return [Answer(None, "timeout") for _ in deliver(orders)]

    with monkeypatch.context() as lossy:
        lossy.setattr(pair.network, "order", lose_answers)
        pair.advance()
    pair.advance()
    assert pair.states == (S.IDLE, S.BACKUP)
    assert pair.fired(after=before) == ["failover-asked", "take-over-done-idle"]
    assert [n for n, _ in pair.network.ordered].count("a") == 2  # at the start, and now


def test_a_node_that_vanishes_with_its_order_is_taken_to_follow_it(pair: SimPair, monkeypatch):
    """It serves everybody and will not stop by itself: nobody else may begin."""
    put = pair.network._put

    def vanish(name: str, order: Order) -> Answer:
        answer = put(name, order)
        if order.goal.role is not Role.BOTH:
            return answer
        pair.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
        return Answer(None, "timeout")

    monkeypatch.setattr(pair.network, "_put", vanish)
    assert pair.ask(Action.FAILOVER, 1) is None
    pair.run(25)
    assert pair.states == (S.FAILED, S.FAILED)
    assert pair.ask(Action.RECOVER) is Limitation.MAY_STILL_SERVE
    assert pair.served == (["a", "b"], [])
    pair.cut = set()
    pair.run(1)
    assert pair.ask(Action.RECOVER) is None
    pair.run(2)
    assert pair.states == (S.NORMAL, S.NORMAL)


def test_a_late_order_of_the_same_epoch_does_not_loosen_the_fence(pair: SimPair, monkeypatch):
    """High Availability goes off and on again; the order of the former comes last."""
    late: list[tuple[str, Order]] = []

    def be_late(name: str, order: Order) -> Answer:
        late.append((name, order))
        return Answer(None, "timeout")

    switch = PresenceRedundancyGroup.objects.filter(pk=pair.group_id).update
    with monkeypatch.context() as slow:
        slow.setattr(
            pair.network, "_put", lambda *sent: late.append(sent) or Answer(None, "timeout")
        )
        switch(ha_enabled=False)
        pair.advance()
    switch(ha_enabled=True)
    pair.run(1)
    assert pair.states == (S.NORMAL, S.NORMAL)
    assert not any(order.goal.fence for _, order in late)
    assert [pair.put(*sent).error for sent in late] == ["stale-order"] * 2
    pair.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    pair.run(6)
    assert pair.served == ([], ["a", "b"])


def test_an_order_without_an_answer_is_made_void_by_the_next_turn(pair: SimPair, monkeypatch):
    """Although the node follows its goal again: the lost one may arrive yet."""
    switch = PresenceRedundancyGroup.objects.filter(pk=pair.group_id).update
    with monkeypatch.context() as lossy:
        lossy.setattr(pair.network, "order", lambda orders: [Answer(None, "timeout")] * len(orders))
        switch(ha_enabled=False)
        pair.advance()
        switch(ha_enabled=True)
        pair.advance()
    assert not load_pair(pair.group_id).nodes[0].feared.isolates
    orders = len(pair.network.ordered)
    pair.advance()
    assert load_pair(pair.group_id).nodes[0].feared.isolates
    pair.advance()
    assert orders_since(pair, orders) == [("a", Role.OWN), ("b", Role.OWN)]


def test_an_order_for_an_earlier_boot_is_given_anew_after_a_fresh_probe(pair: SimPair):
    def restart(name: str) -> None:
        pair.network.before_order = lambda name: None
        pair.nodes[0].crash()
        pair.nodes[0].start(pair.clock)

    pair.ask(Action.FAILOVER, 0)
    pair.network.before_order = restart
    probes = len(pair.network.probed)
    pair.advance()
    assert pair.network.probed[probes:] == ["a", "b", "a", "b"]
    assert [o.boot_id for n, o in pair.network.ordered if n == "a"][-2:] == ["1", "2"]
    assert pair.states == (S.IDLE, S.BACKUP)


def test_a_node_that_has_seen_a_newer_epoch_is_led_above_it(pair: SimPair):
    def see(name: str) -> None:
        pair.network.before_order = lambda name: None
        pair.nodes[0].highest_epoch = 40

    before = pair.group_version()
    pair.ask(Action.FAILOVER, 0)
    pair.network.before_order = see
    pair.advance()
    assert pair.states == (S.IDLE, S.BACKUP)
    assert "epoch-raised" in pair.fired(after=before)
    assert min(o.goal.epoch for _, o in pair.network.ordered[-2:]) > 40


def test_a_refusing_node_does_not_hold_the_engine_up(pair: SimPair, monkeypatch):
    refuse = [Answer(None, "stale-order")]
    monkeypatch.setattr(pair.network, "order", lambda orders: refuse * len(orders))
    pair.ask(Action.FAILOVER, 0)
    probes = len(pair.network.probed)
    pair.advance()
    assert len(pair.network.probed) - probes == 2 * cycle.MOST_STEPS
    assert pair.states == (S.FAILING_OVER, S.TAKING_OVER)


def test_a_changed_parameter_holds_from_the_next_turn(pair: SimPair):
    before, epochs = pair.group_version(), [n.highest_epoch for n in pair.nodes]
    ParameterValue.objects.filter(name=catalogue.KEEP_ALIVE_TIMEOUT).update(value="9")
    pair.advance()
    for node, epoch in zip(pair.nodes, epochs, strict=True):
        assert node.goal.timing.isolation_limit == 1 + 0.75 * 8
        assert node.goal.epoch == epoch
    assert pair.group_version() == before
    pair.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    pair.run(8)
    assert pair.states == (S.NORMAL, S.NORMAL)
    pair.run(1)
    assert pair.states == (S.DOWN, S.BACKUP)


def test_a_changed_delay_moves_nobody_who_was_not_down_so_long(pair: SimPair):
    pair.lose_service(0)
    ParameterValue.objects.filter(name=catalogue.CRITICAL_SERVICE_DELAY).update(value="5")
    pair.run(4)
    assert pair.states == (S.NORMAL, S.NORMAL)
    pair.run(1)
    assert pair.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)


@pytest.mark.fault("F29")
def test_a_running_recovery_keeps_the_parameters_it_began_with(pair: SimPair):
    pair.cut = {("engine", "b")}
    pair.nodes[1].services_up = False
    pair.ask(Action.FAILOVER, 0)
    ParameterValue.objects.filter(name=catalogue.TRANSITION_DEADLINE).update(value="5")
    pair.run(10)
    assert pair.states == (S.FAILING_OVER, S.TAKING_OVER)
    pair.run(10)
    assert pair.states == (S.FAILED, S.FAILED)
    assert pair.reasons == (R.TAKE_OVER_FAILED, R.TAKE_OVER_FAILED)


def test_running_settings_of_another_release_do_not_stop_the_engine(pair: SimPair):
    """A field that came or went in between holds nothing up: what is known of them counts."""
    pair.ask(Action.FAILOVER, 0)
    group = PresenceRedundancyGroup.objects.get(pk=pair.group_id)
    assert group.running_settings["transition_deadline"] == 20
    group.running_settings.pop("automatic_fallback")
    group.running_settings["gone"] = 1
    group.save(update_fields=["running_settings"])
    pair.run()
    assert pair.states == (S.IDLE, S.BACKUP)


def test_it_says_when_a_delay_runs_out_before_the_next_sweep(pair: SimPair):
    pair.run(2)
    assert pair.advance().wake_in is None
    pair.lose_service(0)
    assert pair.advance().wake_in is None  # the sweep of the next second comes first
    pair.pass_time(1.5)
    assert pair.advance().wake_in == pytest.approx(0.5)
    pair.pass_time(0.5)
    assert pair.advance().changes == 3


def test_a_quiet_turn_changes_nothing(pair: SimPair):
    before, orders = pair.group_version(), len(pair.network.ordered)
    outcome = pair.advance()
    assert (outcome.changes, outcome.wake_in) == (0, None)
    assert pair.group_version() == before
    assert len(pair.network.ordered) == orders


def test_a_group_that_is_gone_or_empty_is_nobodys_business(pair: SimPair):
    assert cycle.advance(pair.group_id + 1, client=Network(), clock=lambda: pair.now).changes == 0
    Member.objects.all().delete()
    assert cycle.advance(pair.group_id, client=Network(), clock=lambda: pair.now).changes == 0


def test_a_group_of_one_node_gets_its_goal_and_nothing_else(pair: SimPair):
    PresenceRedundancyGroup.objects.filter(pk=pair.group_id).update(ha_enabled=False)
    pair.run(1)
    Member.objects.filter(position=2).delete()
    before = pair.group_version()
    pair.lose_service(0)
    pair.run(5)
    assert pair.group_version() == before
    assert pair.nodes[0].goal.peer is None
    assert pair.nodes[0].goal.role is Role.OWN


def test_the_end_of_a_fallback_depends_on_no_memory_of_its_begin(pair: SimPair):
    """A report that another worker stored last is as good as one's own."""
    failed_over(pair)
    pair.ask(Action.FALLBACK, 0)
    NodeReport.objects.update(document=None, heard_at=None)
    pair.run(1)
    assert pair.states == (S.NORMAL, S.NORMAL)
