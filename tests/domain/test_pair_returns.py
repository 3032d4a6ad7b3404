"""Restarts, returns and automatic fallbacks of a pair, in operators' words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from prg_admin.domain.facts import HOLD_WINDOW, is_held
from prg_admin.domain.limitations import Limitation, limitation
from prg_admin.domain.pair import decide
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState, Reason, Role
from tests.domain.simulation import EPOCH_START, SETTINGS, World
from tests.domain.test_pair import fail_over_by_service, lose_service
from tests.domain.test_transitions import taking_back

S, R = NodeState, Reason


@pytest.fixture
def world() -> World:
    """A pair with High Availability on, both nodes Normal."""
    world = World()
    world.run(1)
    return world


@pytest.mark.parametrize(
    ("restarted", "reasons"),
    [
        ((0,), (R.INITIALIZATION, R.ADMIN_REQUEST)),
        ((1,), (R.ADMIN_REQUEST, R.INITIALIZATION)),
        ((0, 1), (R.INITIALIZATION, R.INITIALIZATION)),
    ],
)
def test_restarts_in_a_manual_failover_change_only_reasons(world: World, restarted, reasons):
    """Rows 5, 6 and 7 of the matrix."""
    world.step(Request(Action.FAILOVER, 0))
    world.run(1)
    for index in restarted:
        world.nodes[index].crash()
        world.nodes[index].start(world.clock)
    world.run(1)
    assert world.states == (S.IDLE, S.BACKUP)
    assert world.reasons == reasons


def test_a_restart_while_taking_over_changes_the_reason_and_goes_on(world: World):
    """Row 8."""
    world.step(Request(Action.FAILOVER, 0))
    world.nodes[1].crash()
    world.nodes[1].start(world.clock)
    world.step()
    assert world.states == (S.FAILING_OVER, S.TAKING_OVER)
    assert world.reasons == (R.ADMIN_REQUEST, R.INITIALIZATION)
    world.run(2)
    assert world.states == (S.IDLE, S.BACKUP)


def test_a_restart_while_taking_back_changes_the_reason_and_goes_on(world: World):
    """Row 9."""
    world.step(Request(Action.FAILOVER, 0))
    world.run(1)
    world.step(Request(Action.FALLBACK, 0))
    world.nodes[0].crash()
    world.nodes[0].start(world.clock)
    world.step()
    assert world.reasons == (R.INITIALIZATION, R.ADMIN_REQUEST)
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_a_restart_while_both_are_failed_makes_the_reason_unknown(world: World):
    """Row 21."""
    lose_service(world, 0)
    lose_service(world, 1)
    world.run(3)
    world.nodes[0].crash()
    world.nodes[0].start(world.clock)
    world.run(1)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.reasons == (R.UNKNOWN, R.UNKNOWN)


def test_both_nodes_dead_fail_the_group_and_come_back_by_themselves(world: World):
    world.others_heard = True
    for node in world.nodes:
        node.crash()
    world.run(6)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.reasons == (R.PEER_DOWN, R.PEER_DOWN)
    for node in world.nodes:
        node.start(world.clock)
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)


def automatic(world: World, delay: float = 10) -> None:
    world.settings = replace(
        world.settings, automatic_fallback=True, automatic_fallback_delay=delay
    )


def test_automatic_fallback_comes_after_the_whole_healthy_delay(world: World):
    automatic(world)
    fail_over_by_service(world)
    world.run(6)
    assert world.states == (S.FAILED_OVER, S.BACKUP)
    world.run(6)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert "fallback-due" in world.rules


def test_automatic_fallback_counts_anew_when_the_node_becomes_unhealthy(world: World):
    automatic(world)
    fail_over_by_service(world)
    world.run(7)
    lose_service(world, 0)
    world.run(1)
    world.nodes[0].services_up = True
    world.run(7)
    assert world.states == (S.FAILED_OVER, S.BACKUP)


def test_automatic_fallback_never_undoes_a_manual_failover(world: World):
    automatic(world)
    world.step(Request(Action.FAILOVER, 0))
    world.run(30)
    assert world.states == (S.IDLE, S.BACKUP)


def test_two_failovers_in_a_day_hold_the_automatic_fallback_until_acknowledged(world: World):
    automatic(world, delay=5)
    fail_over_by_service(world)
    world.run(7)
    assert world.states == (S.NORMAL, S.NORMAL)
    fail_over_by_service(world)
    world.run(30)
    assert world.states == (S.FAILED_OVER, S.BACKUP)
    world.step(Request(Action.ACKNOWLEDGE))
    world.run(1)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_multiple_device_messaging_doubles_the_delay(world: World):
    world.settings = replace(world.settings, multiple_device_messaging=True)
    lose_service(world, 0)
    world.run(3)
    assert world.states == (S.NORMAL, S.NORMAL)
    world.run(2)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)


def test_high_availability_enabled_with_a_service_down_fails_over():
    world = World()
    lose_service(world, 0)
    world.run(4)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert "init-service-down" in world.rules


def test_high_availability_enabled_with_services_down_on_both_fails_the_group():
    world = World()
    lose_service(world, 0)
    lose_service(world, 1)
    world.run(4)
    assert world.states == (S.FAILED, S.FAILED)


def cut_off(world: World, name: str) -> None:
    others = {"engine", "a", "b"} - {name}
    world.cut = {link for other in others for link in ((name, other), (other, name))}


def test_an_idle_node_whose_backup_shut_down_serves_everybody_after_recover(world: World):
    world.step(Request(Action.FAILOVER, 0))
    world.run(60)  # its services have been stopped for far longer than the delay
    world.shut_down(1)
    world.run(1)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.reasons == (R.PEER_DOWN, R.PEER_DOWN)
    world.step(Request(Action.RECOVER))
    world.run(12)
    assert world.states == (S.BACKUP, S.DOWN)
    assert world.nodes[0].serving == {"a", "b"}


def test_recover_waits_for_a_backup_that_may_still_serve_everybody(world: World):
    world.step(Request(Action.FAILOVER, 0))
    world.run(1)
    cut_off(world, "b")
    world.run(6)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.nodes[1].serving == {"a", "b"}
    assert limitation(world.probed(), Action.RECOVER) is Limitation.MAY_STILL_SERVE


def test_a_backup_that_returns_to_an_idle_node_goes_on(world: World):
    world.step(Request(Action.FAILOVER, 0))
    world.run(1)
    cut_off(world, "b")
    world.run(6)
    assert world.states == (S.FAILED, S.FAILED)
    world.cut = set()
    world.run(1)
    assert world.states == (S.IDLE, S.BACKUP)
    assert world.nodes[1].serving == {"a", "b"}


def test_a_backup_that_returns_to_a_node_without_services_goes_on(world: World):
    lose_service(world, 0)
    world.run(4)
    cut_off(world, "b")
    world.run(6)
    assert world.states == (S.FAILED, S.FAILED)
    world.cut = set()
    world.run(1)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)


def test_a_dead_node_and_a_peer_without_services_fail_the_group(world: World):
    world.nodes[0].crash()
    lose_service(world, 1)
    world.run(6)
    assert world.states == (S.FAILED, S.FAILED)
    assert [n.target for n in world.pair.nodes] == [Role.OWN, Role.OWN]


def test_a_recovery_whose_services_never_stop_fails_again(world: World, monkeypatch):
    lose_service(world, 0)
    lose_service(world, 1)
    world.run(3)
    world.step(Request(Action.RECOVER))
    monkeypatch.setattr(World, "mail", lambda self: self.late.clear())
    world.run(22)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.rules[-1] == "recover-overdue"


def test_a_failover_that_nobody_drove_is_not_overdue_until_the_engine_had_its_time(world: World):
    world.step(Request(Action.FAILOVER, 0))
    overdue = EPOCH_START + timedelta(seconds=world.clock + 100)
    pair = world.probed()
    assert decide(pair, settings=SETTINGS, now=overdue).rule == "take-over-overdue"
    woken = replace(pair, watched_since=overdue - timedelta(seconds=1))
    assert decide(woken, settings=SETTINGS, now=overdue).rule != "take-over-overdue"
    late = overdue + timedelta(seconds=SETTINGS.transition_deadline)
    assert decide(woken, settings=SETTINGS, now=late).rule == "take-over-overdue"


@pytest.mark.parametrize(("apart", "held"), [(timedelta(hours=1), True), (HOLD_WINDOW, False)])
def test_failovers_that_lie_a_day_back_hold_nothing(world: World, apart: timedelta, *, held: bool):
    pair = replace(world.pair, automatic_failovers=(world.now - apart, world.now))
    assert is_held(pair, world.now) is held


def test_no_deadline_ends_anything_while_neither_node_answers(world: World):
    world.step(Request(Action.FAILOVER, 0))
    late = EPOCH_START + timedelta(seconds=world.clock + 100)
    pair = world.probed()
    just_heard = late - timedelta(seconds=1)
    silent = tuple(replace(node, reachable=False, heard_at=just_heard) for node in pair.nodes)
    assert decide(pair, settings=SETTINGS, now=late).rule == "take-over-overdue"
    assert decide(replace(pair, nodes=silent), settings=SETTINGS, now=late).rule is None


def test_each_half_of_a_fallback_has_the_whole_deadline():
    """First the services start, then the backup lets go."""
    world = taking_back(until=Role.STANDBY)
    begun = world.pair.nodes[0].since
    world.pass_time(5)
    while world.pair.nodes[0].target is not Role.OWN:
        world.step()
        world.mail()
    (since,) = {node.since for node in world.pair.nodes}
    assert begun is not None
    assert since == world.now > begun


def test_recover_is_refused_while_a_node_that_keeps_serving_is_out_of_reach():
    world = World(settings=replace(SETTINGS, keep_serving_when_isolated=True))
    world.run(1)
    cut_off(world, "b")
    lose_service(world, 0)
    world.run(30)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.nodes[1].serving == {"b"}
    assert limitation(world.probed(), Action.RECOVER) is Limitation.MAY_STILL_SERVE


@pytest.mark.parametrize(
    "request_",
    [
        Request(Action.ENABLE_HA),
        Request(Action.DELETE),
        Request(Action.FAILOVER),
        Request(Action.FALLBACK, 2),
        Request(Action.RECOVER, 0),
    ],
)
def test_a_request_without_meaning_raises(world: World, request_: Request):
    with pytest.raises(ValueError, match=request_.action.value):
        decide(world.probed(), settings=world.settings, now=world.now, request=request_)
