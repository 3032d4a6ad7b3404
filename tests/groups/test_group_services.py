"""Saving groups: orders of joining and leaving nodes, and savers who meet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from prg_admin.domain.group_rules import GroupDraft
from prg_admin.domain.problems import Code
from prg_admin.groups import services
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.services import Conflict, Deleted, Refused, Saved
from prg_admin.lib.actor import Actor
from prg_admin.topology.models import Node
from tests.factories import create_cluster, create_group, create_node, create_pair

ALICE = Actor("alice", "192.0.2.7")
Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What was announced to pages and sent to the engine."""
    kept: Told = []
    monkeypatch.setattr(services, "announce", lambda *topics: kept.append(("news", set(topics))))
    monkeypatch.setattr(services, "enqueue", lambda task, **kw: kept.append((task, kw)))
    return kept


def create(name: str, *nodes: Node, ha_enabled: bool = False):
    names = [node.name for node in nodes]
    draft = GroupDraft(name, "", names[0], names[1] if names[1:] else None, ha_enabled)
    return services.group_create(draft=draft, actor=ALICE, now=now())


def update(group: PresenceRedundancyGroup, *nodes: Node, revision: int = 0, **more: Any):
    names = [node.name for node in nodes]
    values = {"name": group.name, "ha_enabled": group.ha_enabled, **more}
    draft = GroupDraft(
        server1=names[0] if names else None, server2=names[1] if names[1:] else None, **values
    )
    return services.group_update(
        group_id=group.pk,
        draft=draft,
        revision=revision or group.revision,
        actor=ALICE,
        now=now(),
    )


@pytest.mark.django_db
def test_a_node_that_joins_gets_orders_newer_than_all_it_has_seen():
    first, second = create_pair(epoch=7)

    outcome = create("Tokyo", first, second)

    assert isinstance(outcome, Saved)
    group = PresenceRedundancyGroup.objects.get()
    assert group.epoch == 8
    assert set(group.members.values_list("ordered_epoch", flat=True)) == {8}


@pytest.mark.django_db
def test_a_node_that_leaves_gets_orders_newer_than_those_of_the_group(told: Told):
    first, second = create_pair()
    group = create_group(members=[first, second])
    Member.objects.filter(node=second).update(ordered_epoch=12)

    assert isinstance(update(group, first), Saved)

    second.refresh_from_db()
    assert second.epoch == 13
    assert not Member.objects.filter(node=second).exists()
    assert ("recovery.look", {"node_id": second.pk}) in told


@pytest.mark.django_db
def test_a_member_that_stays_keeps_its_orders_when_its_place_changes():
    first, second = create_pair()
    group = create_group(members=[first, second])
    Member.objects.filter(node=first).update(ordered_epoch=5)

    assert isinstance(update(group, second, first), Saved)

    moved = Member.objects.get(node=first)
    assert (moved.position, moved.ordered_epoch) == (2, 5)


@pytest.mark.django_db
def test_engine_and_pages_are_told(told: Told):
    first, second = create_pair()
    group = create_group(members=[first, second])

    update(group, first, second, ha_enabled=True)

    topics = {"groups", "nodes", f"group-{group.pk}", f"node-{first.pk}", f"node-{second.pk}"}
    assert told == [("news", topics), ("recovery.evaluate", {"group_id": group.pk})]


@pytest.mark.django_db
def test_an_engine_that_decided_from_the_old_configuration_gives_way():
    nodes = create_pair()
    group = create_group(members=nodes)

    update(group, *nodes, ha_enabled=True)

    group.refresh_from_db()
    assert group.version == 2


@pytest.mark.django_db
def test_a_new_name_leaves_the_engine_alone():
    nodes = create_pair()
    group = create_group(members=nodes)

    update(group, *nodes, name="Kyoto")

    group.refresh_from_db()
    assert (group.name, group.version, group.revision) == ("Kyoto", 1, 2)


@pytest.mark.django_db
def test_nothing_is_written_when_refused(told: Told):
    nodes = create_pair()
    group = create_group("Tokyo", members=nodes)

    outcome = update(group, *nodes, name="a b", description="new")

    assert isinstance(outcome, Refused)
    group.refresh_from_db()
    assert (group.description, group.revision, told) == ("", 1, [])


@pytest.mark.django_db
def test_deleting_frees_the_nodes(told: Told):
    first, second = create_pair()
    group = create_group("Tokyo", members=[first, second])

    outcome = services.group_delete(group_id=group.pk, actor=ALICE)

    assert outcome == Deleted("Tokyo")
    first.refresh_from_db()
    assert first.epoch == 2
    looked = [kw["node_id"] for task, kw in told if task == "recovery.look"]
    assert looked == [first.pk, second.pk]


@pytest.mark.django_db
def test_a_group_with_high_availability_is_not_deleted():
    group = create_group(ha_enabled=True)

    outcome = services.group_delete(group_id=group.pk, actor=ALICE)

    assert isinstance(outcome, Refused)
    assert [p.code for p in outcome.problems] == [Code.GROUP_HAS_HA]


@pytest.fixture
def at_once(transactional_db: None) -> Iterator[Callable[..., list[Any]]]:
    """Runs calls in threads of their own, all set going at one moment."""

    def run(*calls: Callable[[], Any]) -> list[Any]:
        gate = threading.Barrier(len(calls), timeout=20)

        def one(call: Callable[[], Any]) -> Any:
            try:
                gate.wait()
                return call()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result(timeout=30) for future in [pool.submit(one, c) for c in calls]]

    yield run
    connection.close()


ROUNDS = range(5)


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_two_savers_of_one_revision_one_wins_and_one_is_told(at_once, told: Told, _round: int):
    nodes = create_pair()
    group = create_group(members=nodes)

    outcomes = at_once(
        lambda: update(group, *nodes, description="mine"),
        lambda: update(group, *nodes, description="theirs"),
    )

    (won,) = [o for o in outcomes if isinstance(o, Saved)]
    (lost,) = [o for o in outcomes if isinstance(o, Conflict)]
    group.refresh_from_db()
    assert group.description == won.group.description
    (difference,) = lost.differences
    assert (difference.field, difference.stored) == ("description", group.description)


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_two_who_want_one_free_node_one_gets_it(at_once, told: Told, _round: int):
    free = create_node()

    outcomes = at_once(lambda: create("Tokyo", free), lambda: create("Kyoto", free))

    (won,) = [o for o in outcomes if isinstance(o, Saved)]
    (lost,) = [o for o in outcomes if isinstance(o, Refused)]
    (problem,) = lost.problems
    assert problem.code is Code.NODE_TAKEN
    assert problem.params["group"] == won.group.name


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_two_who_want_one_name_one_gets_it(at_once, told: Told, _round: int):
    first, second = create_node(), create_node()

    outcomes = at_once(lambda: create("Tokyo", first), lambda: create("TOKYO", second))

    (lost,) = [o for o in outcomes if isinstance(o, Refused)]
    assert [(p.field, p.code) for p in lost.problems] == [("name", Code.NAME_TAKEN)]
    assert PresenceRedundancyGroup.objects.count() == 1


def test_two_groups_at_the_limit_do_not_become_four(at_once, told: Told):
    cluster = create_cluster()
    nodes = [create_node(cluster=cluster) for _ in range(4)]
    create_group(members=nodes[:1])
    create_group(members=nodes[1:2])

    outcomes = at_once(lambda: create("Tokyo", nodes[2]), lambda: create("Kyoto", nodes[3]))

    (lost,) = [o for o in outcomes if isinstance(o, Refused)]
    assert [p.code for p in lost.problems] == [Code.TOO_MANY_GROUPS]
    assert cluster.groups.count() == 3


def test_two_groups_that_swap_nodes_do_not_wait_for_one_another(at_once, told: Told):
    cluster = create_cluster()
    a, b, c, d = (create_node(cluster=cluster) for _ in range(4))
    one, two = create_group(members=[a, b]), create_group(members=[c, d])

    outcomes = at_once(lambda: update(one, a, c), lambda: update(two, d, b))

    assert all(isinstance(o, Refused) for o in outcomes)
