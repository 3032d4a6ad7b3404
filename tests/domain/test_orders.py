"""Which order a node is sent, when again, and what it must have seen of its peer before."""

from __future__ import annotations

from dataclasses import replace

from prg_admin.domain.orders import due_order, goal_of, has_let_go
from prg_admin.domain.requests import Action, Request
from prg_admin.domain.silence import fence_wait
from prg_admin.domain.states import NodeState, Role
from tests.domain.simulation import SETTINGS, World

S = NodeState


def normal() -> World:
    world = World()
    world.run(1)
    return world


def idle_beside_backup() -> World:
    world = normal()
    world.step(Request(Action.FAILOVER, 0))
    world.run(2)
    assert world.states == (S.IDLE, S.BACKUP)
    return world


def test_who_follows_its_goal_is_sent_nothing():
    pair = normal().probed()
    assert due_order(pair.nodes[0], goal_of(pair, 0, SETTINGS)) is None


def test_who_follows_its_goal_and_is_fenced_all_the_same_is_sent_it_again():
    """Its right to serve was lost: only an order gives it back."""
    pair = normal().probed()
    node = pair.nodes[0]
    fenced = replace(node, last_report=replace(node.last_report, fenced=True))
    order = due_order(fenced, goal_of(pair, 0, SETTINGS))
    assert order is not None
    assert order.seq == node.last_report.seq


def test_a_node_has_let_go_only_when_it_says_so_under_its_latest_order():
    idle, backup = idle_beside_backup().probed().nodes
    assert has_let_go(idle, backup)
    assert not has_let_go(replace(idle, ordered_epoch=idle.ordered_epoch + 1), backup)
    assert not has_let_go(replace(idle, reachable=False), backup)
    assert has_let_go(replace(idle, reachable=False, goodbye=True), backup)


def test_who_takes_over_from_a_node_that_cannot_be_asked_must_miss_it_itself():
    pair = idle_beside_backup().probed()
    assert goal_of(pair, 1, SETTINGS).role is Role.BOTH
    assert goal_of(pair, 1, SETTINGS).peer_silence_s == 0
    gone = replace(pair.nodes[0], reachable=False)
    unasked = replace(pair, nodes=(gone, pair.nodes[1]))
    assert goal_of(unasked, 1, SETTINGS).peer_silence_s == fence_wait(gone, SETTINGS) > 0


def test_an_older_database_that_is_back_climbs_above_every_epoch_a_node_has_seen():
    world = normal()
    world.nodes[1].highest_epoch = 500
    pair = world.step().pair
    epochs = [node.ordered_epoch for node in pair.nodes]
    assert min(epochs) > 500
    assert len(set(epochs)) == 2
    assert pair.epoch == max(epochs)
