"""Two workers at once, each with a connection of its own: nobody is lost, nobody is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection, connections

from prg_admin.lib.actor import Actor
from prg_admin.users import services
from prg_admin.users.models import PresenceUser
from prg_admin.users.plans import Target, Way
from prg_admin.users.services import Refused, users_assign, users_rebalance
from tests.users.cluster import Town, create_town

pytestmark = pytest.mark.django_db(transaction=True)

ALICE = Actor("alice")
SECONDS = 60


def at_once(*works: Callable[[], object]) -> list[object]:
    """Each in a thread of its own, all starting at the same moment."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        close_old_connections()
        try:
            connection.ensure_connection()
            barrier.wait(SECONDS)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(SECONDS) for future in [pool.submit(run, w) for w in works]]


def by_mode(town: Town) -> object:
    users = PresenceUser.objects.filter(cluster=town.cluster)
    target = Target(Way.MODE)
    return users_assign(cluster_id=town.cluster.pk, users=users, target=target, actor=ALICE)


def to_node(town: Town, number: int) -> object:
    users = PresenceUser.objects.filter(cluster=town.cluster)
    target = Target(Way.NODE, town.node(number).name)
    return users_assign(cluster_id=town.cluster.pk, users=users, target=target, actor=ALICE)


def test_both_assign_by_the_mode_and_one_finds_nothing_left():
    town = create_town(unassigned=40)
    outcomes = at_once(lambda: by_mode(town), lambda: by_mode(town))
    assert sorted(outcome.users for outcome in outcomes) == [0, 40]
    assert town.counts == [10, 10, 10, 10, 0]


def test_both_choose_a_node_and_the_later_one_has_all():
    town = create_town(unassigned=40)
    at_once(lambda: to_node(town, 1), lambda: to_node(town, 3))
    assert sorted(town.counts) == [0, 0, 0, 0, 40]


def test_rebalances_and_assignments_in_any_order_keep_everybody():
    town = create_town(30, unassigned=30)
    works = [lambda: by_mode(town), lambda: rebalance(town)] * 3
    outcomes = at_once(*works)
    assert not any(isinstance(outcome, Refused) for outcome in outcomes)
    rebalance(town)
    assert town.counts == [15, 15, 15, 15, 0]


def rebalance(town: Town) -> object:
    return users_rebalance(cluster_id=town.cluster.pk, actor=ALICE)


def test_the_limit_of_a_node_holds_against_both():
    town = create_town(ha=(False, False))
    town.add_many(24_990, home=town.node(1))
    first, second = (town.add(*(f"{who}{i}" for i in range(10))) for who in "ab")

    def assign(users: list[PresenceUser]) -> object:
        chosen = PresenceUser.objects.filter(pk__in=[user.pk for user in users])
        target = Target(Way.NODE, town.node(1).name)
        return users_assign(cluster_id=town.cluster.pk, users=chosen, target=target, actor=ALICE)

    outcomes = at_once(lambda: assign(first), lambda: assign(second))
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1
    assert town.counts == [25_000, 0, 0, 0, 10]


def test_without_the_lock_one_of_them_would_fail(monkeypatch):
    """So that it is the lock that is tested and not luck: both count, then both write.

    Even then nothing wrong is kept: the second finds other rows than it counted.
    """
    town = create_town(unassigned=4)
    barrier = threading.Barrier(2)
    monkeypatch.setattr(services, "cluster_lock", lambda _pk: None)
    plan = services.assignment_plan

    def planned(*values):
        found = plan(*values)
        barrier.wait(SECONDS)
        return found

    monkeypatch.setattr(services, "assignment_plan", planned)
    with pytest.raises(RuntimeError, match="were to be assigned"):
        at_once(lambda: by_mode(town), lambda: by_mode(town))
