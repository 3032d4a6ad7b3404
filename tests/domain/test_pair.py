"""The pair machine, step by step, in operators' words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prg_admin.domain.limitations import Limitation, limitation
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.states import NodeState, Reason, Role
from prg_admin.domain.wire import Order
from tests.domain.simulation import World

S, R = NodeState, Reason


@pytest.fixture
def world() -> World:
    """A pair with High Availability on, both nodes Normal."""
    world = World()
    world.run(1)
    assert world.states == (S.NORMAL, S.NORMAL)
    return world


def lose_service(world: World, index: int) -> None:
    world.nodes[index].services_up = False
    world.nodes[index].down_since = world.clock
    world.nodes[index].settle(world.clock)


def test_enabling_ha_goes_through_initializing_to_normal():
    world = World()
    world.step()
    assert world.states == (S.INITIALIZING, S.INITIALIZING)
    world.run(1)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert world.rules[0] == "ha-on"
    assert world.rules[-1] == "init-done"


def test_a_service_down_for_the_delay_fails_over(world: World):
    lose_service(world, 0)
    world.run(1)
    assert world.states == (S.NORMAL, S.NORMAL)
    world.run(3)
    assert world.states == (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)
    assert world.reasons == (R.CRITICAL_SERVICE_DOWN, R.CRITICAL_SERVICE_DOWN)
    assert world.nodes[1].serving == {"a", "b"}


def test_a_service_back_within_the_delay_changes_nothing(world: World):
    lose_service(world, 0)
    world.run(1)
    world.nodes[0].services_up = True
    before = list(world.rules)
    world.run(10)
    assert world.rules == before


def test_taking_over_waits_until_the_failing_node_has_let_go(world: World):
    world.step(Request(Action.FAILOVER, 0))
    assert world.states == (S.FAILING_OVER, S.TAKING_OVER)
    assert [n.ordered for n in world.pair.nodes] == [Role.IDLE, Role.OWN]
    world.late.clear()  # the order is lost: the peer must not be told to take over
    world.step()
    assert world.pair.nodes[1].ordered is Role.OWN


def test_services_back_then_fallback_ends_normal(world: World):
    lose_service(world, 0)
    world.run(4)
    world.nodes[0].services_up = True
    world.run(1)
    assert world.states == (S.FAILED_OVER, S.BACKUP)
    world.step(Request(Action.FALLBACK, 0))
    assert world.states == (S.TAKING_BACK, S.FALLING_BACK)
    world.run(1)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert [sorted(n.serving) for n in world.nodes] == [["a"], ["b"]]


def test_manual_failover_stops_the_services_and_fallback_starts_them(world: World):
    world.step(Request(Action.FAILOVER, 1))
    world.run(1)
    assert world.states == (S.BACKUP, S.IDLE)
    assert world.reasons == (R.ADMIN_REQUEST, R.ADMIN_REQUEST)
    assert not world.nodes[1].services_up
    world.step(Request(Action.FALLBACK, 1))
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert world.nodes[1].services_up


def test_a_dead_node_is_taken_over_after_the_silence_limit(world: World):
    world.nodes[0].crash()
    world.run(3)
    assert world.states == (S.NORMAL, S.NORMAL)
    world.run(3)
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.reasons[1] is R.PEER_DOWN


def test_a_dead_node_returns_failed_over(world: World):
    world.nodes[0].crash()
    world.run(6)
    world.nodes[0].start(world.clock)
    world.run(2)
    assert world.states == (S.FAILED_OVER, S.BACKUP)
    assert world.reasons[0] is R.INITIALIZATION
    world.step(Request(Action.FALLBACK, 0))
    world.run(2)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_one_witness_alone_never_causes_a_failover(world: World):
    world.cut = {("engine", "a"), ("a", "engine")}
    world.run(30)
    assert world.states == (S.NORMAL, S.NORMAL)
    world.cut = {("a", "b"), ("b", "a")}
    world.run(30)
    assert world.states == (S.NORMAL, S.NORMAL)


def test_an_engine_that_hears_nobody_does_nothing(world: World):
    world.cut = {(x, y) for x in ("a", "b") for y in ("engine",)} | {
        ("engine", "a"),
        ("engine", "b"),
    }
    before = list(world.rules)
    world.run(60)
    assert world.rules == before


def test_a_node_cut_off_stops_before_its_peer_takes_over(world: World):
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.run(8)  # ``World.check`` watches that nobody is served twice on the way
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.nodes[0].serving == frozenset()
    assert world.nodes[1].serving == {"a", "b"}
    world.cut = set()
    world.run(3)
    assert world.states == (S.FAILED_OVER, S.BACKUP)


def test_an_order_from_before_the_cut_wakes_nobody(world: World):
    world.step()
    goal = world.nodes[0].goal
    report = world.nodes[0].report(world.clock)
    world.cut = {("engine", "a"), ("a", "engine"), ("a", "b"), ("b", "a")}
    world.run(8)
    world.nodes[0].put(Order(goal, report.boot_id, report.fences, report.seq), world.clock)
    world.pass_time(1)
    assert world.nodes[0].serving == frozenset()


def test_services_down_on_both_nodes_fail_the_group_and_move_nobody(world: World):
    lose_service(world, 0)
    lose_service(world, 1)
    world.run(3)
    assert world.states == (S.FAILED, S.FAILED)
    assert [n.target for n in world.pair.nodes] == [Role.OWN, Role.OWN]


def test_recover_stops_everything_then_starts_it(world: World):
    lose_service(world, 0)
    lose_service(world, 1)
    world.run(3)
    world.step(Request(Action.RECOVER))
    assert world.states == (S.INITIALIZING, S.INITIALIZING)
    world.run(3)
    assert world.states == (S.NORMAL, S.NORMAL)
    assert "recover-stopped" in world.rules


def test_a_service_lost_on_the_backup_fails_the_group(world: World):
    lose_service(world, 0)
    world.run(4)
    lose_service(world, 1)
    world.run(4)
    assert world.states == (S.FAILED, S.FAILED)


def test_a_service_lost_on_the_backup_returns_the_users_when_the_node_is_ready(world: World):
    lose_service(world, 0)
    world.run(4)
    world.nodes[0].services_up = True
    world.run(1)
    lose_service(world, 1)
    world.run(4)
    assert world.states == (S.BACKUP, S.FAILED_OVER_SERVICES_DOWN)
    assert world.reasons[0] is R.AUTO_RECOVER_SERVICE


def test_a_take_over_that_does_not_end_fails_the_group(world: World):
    world.step(Request(Action.FAILOVER, 0))
    world.late.clear()
    world.cut = {("engine", "b")}  # the backup never gets its order
    world.nodes[1].services_up = False
    world.run(30)
    assert world.states == (S.FAILED, S.FAILED)
    assert world.reasons == (R.TAKE_OVER_FAILED, R.TAKE_OVER_FAILED)


def test_a_node_lost_during_its_fallback_is_taken_over_again(world: World):
    lose_service(world, 0)
    world.run(4)
    world.nodes[0].services_up = True
    world.run(1)
    world.step(Request(Action.FALLBACK, 0))
    world.nodes[0].crash()
    world.run(8)
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.nodes[1].serving == {"a", "b"}


def test_a_crash_of_the_engine_between_any_two_steps_changes_no_end(world: World):
    """Every prefix of the orders is lost once; the next round goes on from the database."""
    for lost in range(6):
        other = World()
        other.run(1)
        other.step(Request(Action.FAILOVER, 0))
        for _ in range(lost):
            other.late.clear()
            other.step()
        other.run(2)
        assert other.states == (S.IDLE, S.BACKUP)


def test_epochs_only_rise(world: World):
    seen = [world.pair.epoch]
    for action, index in ((Action.FAILOVER, 0), (Action.FALLBACK, 0), (Action.FAILOVER, 1)):
        world.step(Request(action, index))
        world.run(2)
        seen.append(world.pair.epoch)
    assert seen == sorted(set(seen))


def test_an_older_database_climbs_above_the_epochs_its_nodes_have_seen(world: World):
    for node in world.nodes:
        node.highest_epoch = 500
    world.run(1)
    assert world.pair.epoch > 500
    assert world.states == (S.NORMAL, S.NORMAL)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Action.FAILOVER, None),
        (Action.FALLBACK, Limitation.NOT_FAILED_OVER),
        (Action.RECOVER, Limitation.NOT_BOTH_FAILED),
        (Action.ENABLE_HA, Limitation.HA_ON),
        (Action.DISABLE_HA, None),
        (Action.CHANGE_MEMBERS, Limitation.HA_ON),
        (Action.DELETE, Limitation.HA_ON),
    ],
)
def test_what_a_normal_pair_allows(world: World, action, expected):
    assert limitation(world.probed(), action, 0) is expected


@pytest.mark.parametrize("action", [Action.DELETE, Action.CHANGE_MEMBERS])
def test_a_pair_is_let_go_only_when_its_nodes_are_told_to_serve_their_own(world: World, action):
    """After High Availability went off in the middle of something."""
    world.switch_ha(on=False)
    world.run(1)
    assert limitation(world.probed(), action) is None
    a, b = world.pair.nodes
    on_its_way = replace(world.pair, nodes=(replace(a, ordered=Role.STANDBY), b))
    assert limitation(on_its_way, action) is Limitation.IN_TRANSITION


def test_what_a_failed_over_pair_allows(world: World):
    lose_service(world, 0)
    world.run(4)
    pair = world.probed()
    assert limitation(pair, Action.FAILOVER, 1) is Limitation.NODE_NOT_NORMAL
    assert limitation(pair, Action.FALLBACK, 0) is Limitation.SERVICES_DOWN
    assert limitation(pair, Action.FALLBACK, 1) is Limitation.NOT_FAILED_OVER
    assert limitation(pair, Action.DISABLE_HA) is Limitation.FAILED_OVER


def lose_database(world: World, index: int) -> None:
    world.nodes[index].database_up = False
    world.nodes[index].database_down_since = world.clock


def fail_over_by_service(world: World) -> None:
    """Node a failed over, its services up again: Failed Over | Running in Backup Mode."""
    lose_service(world, 0)
    world.run(4)
    world.nodes[0].services_up = True
    world.run(1)
    assert world.states == (S.FAILED_OVER, S.BACKUP)


def test_a_lost_database_fails_over_with_its_own_reason(world: World):
    lose_database(world, 1)
    world.run(4)
    assert world.states == (S.BACKUP, S.FAILED_OVER_SERVICES_DOWN)
    assert world.reasons == (R.DATABASE_FAILURE, R.DATABASE_FAILURE)


def test_a_database_lost_on_the_backup_returns_the_users_when_the_node_is_ready(world: World):
    fail_over_by_service(world)
    lose_database(world, 1)
    world.run(4)
    assert world.states == (S.BACKUP, S.FAILED_OVER_SERVICES_DOWN)
    assert world.reasons == (R.AUTO_RECOVER_DATABASE, R.AUTO_RECOVER_DATABASE)


def test_a_node_that_said_goodbye_is_taken_over_at_once(world: World):
    world.shut_down(0)
    world.run(0)
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.reasons[1] is R.PEER_REBOOT


def test_a_node_that_shuts_down_while_initializing_is_taken_over():
    world = World()
    world.step()
    world.mail()
    lose_service(world, 0)
    world.step()
    world.shut_down(0)
    world.run(1)
    assert world.states == (S.DOWN, S.BACKUP)
    assert "init-goodbye" in world.rules


def test_a_node_not_seen_while_initializing_is_taken_over_after_that_limit():
    world = World()
    world.step()
    world.mail()
    lose_service(world, 0)
    world.step()
    world.nodes[0].crash()
    world.run(6)
    assert world.states == (S.INITIALIZING, S.INITIALIZING)
    world.run(4)
    assert world.states == (S.DOWN, S.BACKUP)
    assert world.reasons[1] is R.PEER_DOWN_INITIALIZING


def test_the_backup_shutting_down_hands_back_to_a_node_that_is_ready(world: World):
    fail_over_by_service(world)
    world.shut_down(1)
    world.run(1)
    assert world.states == (S.BACKUP, S.DOWN)
    assert world.nodes[0].serving == {"a", "b"}


def test_the_backup_dying_hands_back_to_a_node_that_is_ready(world: World):
    fail_over_by_service(world)
    world.nodes[1].crash()
    world.run(8)
    assert world.states == (S.BACKUP, S.DOWN)


def test_the_backup_cut_off_stops_before_the_ready_node_takes_over(world: World):
    fail_over_by_service(world)
    world.cut = {("engine", "b"), ("b", "engine"), ("a", "b"), ("b", "a")}
    world.run(8)
    assert world.states == (S.BACKUP, S.DOWN)
    assert world.nodes[1].serving == frozenset()
