"""Who is due, what one look costs, and what it does by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prg_admin.domain import catalogue
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState, Role
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pairs
from prg_admin.parameters.models import ParameterValue
from prg_admin.recovery import cycle, record, reports, sweep
from prg_admin.recovery.models import Event
from prg_admin.topology.agents import Answer
from prg_admin.topology.models import Node, NodeReport
from tests.factories import create_group, create_node
from tests.recovery.agents import (
    Network,
    SimPair,
    at,
    create_quick_cluster,
    create_sim_node,
    create_sim_pair,
)

pytestmark = pytest.mark.django_db

S = NodeState


def create_normal_pairs(count: int, *, prefix: str = "n") -> Network:
    """Groups in one cluster, all Normal, behind one network."""
    cluster, network = create_quick_cluster(), Network()
    for i in range(count):
        pair = create_sim_pair((f"{prefix}{i}a", f"{prefix}{i}b"), cluster=cluster, network=network)
        pair.run()
        assert pair.states == (S.NORMAL, S.NORMAL)
    return network


def look(network: Network, *, clock: float = 100.0) -> list[int]:
    names = [name for pair in network.pairs for name in pair.names]
    ids = list(Node.objects.filter(name__in=names).order_by("pk").values_list("pk", flat=True))
    return sweep.look_at(ids, client=network, now=at(clock))


def queries_of(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        work()
    return len(queries)


def create_free_node(network: Network) -> tuple[SimPair, Node]:
    """A node in no group, simulated as the first of a pair without one."""
    pair = SimPair(names=("x", "y"), network=network)
    return pair, create_sim_node("x", create_quick_cluster())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Topics of the news as they are announced."""
    topics: list[str] = []
    for module in (reports, record):
        monkeypatch.setattr(module, "announce", lambda *words: topics.extend(words))
    return topics


# What a look costs and leaves.


def test_a_quiet_look_costs_the_same_for_three_groups_and_for_thirty():
    few, many = create_normal_pairs(3), create_normal_pairs(30, prefix="m")
    assert queries_of(lambda: look(many)) == queries_of(lambda: look(few))


def test_a_quiet_look_asks_every_node_once_and_finds_no_work():
    network = create_normal_pairs(3)
    network.probed.clear()
    assert look(network) == []
    assert sorted(network.probed) == sorted(n for p in network.pairs for n in p.names)


def test_a_quiet_look_leaves_no_event_no_order_and_no_news(told: list[str]):
    network = create_normal_pairs(3)
    events, orders = Event.objects.count(), len(network.ordered)
    told.clear()
    assert look(network, clock=101) == []
    assert (Event.objects.count(), len(network.ordered), told) == (events, orders, [])


def test_a_look_notes_when_it_heard_whom():
    network = create_normal_pairs(1)
    network.pairs[0].nodes[0].crash()
    look(network, clock=107)
    a, b = NodeReport.objects.order_by("node__name")
    assert (a.heard_at, a.reachable, a.error) == (at(100), False, "refused")
    assert (b.heard_at, b.reachable, b.error) == (at(107), True, "")
    assert a.report is not None  # what it said last stays, for the fence is judged by it


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda node: node.crash(), id="dead"),
        pytest.param(lambda node: setattr(node, "services_up", False), id="service"),
        pytest.param(lambda node: setattr(node, "serving", frozenset()), id="serving"),
    ],
)
def test_news_are_told_of_the_node_that_changed_and_once(told: list[str], change):
    network = create_normal_pairs(2)
    told.clear()
    change(network.pairs[1].nodes[0])
    look(network)
    assert told == [f"node-{Node.objects.get(name='n1a').pk}", "nodes"]
    look(network)
    assert len(told) == 2


def test_only_groups_with_something_to_do_are_handed_on():
    network = create_normal_pairs(3)
    busy, delayed, quiet = network.pairs
    busy.ask(Action.FAILOVER, 0)
    delayed.lose_service(1)
    delayed.pass_time(1.5)  # of its delay half a second is left, of the interval a whole one
    assert look(network, clock=101.5) == [busy.group_id, delayed.group_id]
    assert quiet.group_id not in look(network, clock=101.5)
    assert busy.states == (S.FAILING_OVER, S.TAKING_OVER)


def test_of_a_group_both_nodes_are_asked_though_one_is_due():
    network = create_normal_pairs(1)
    network.probed.clear()
    sweep.look_at([Node.objects.get(name="n0b").pk], client=network, now=at(101))
    assert network.probed == ["n0a", "n0b"]


# Nodes in no group.


def test_a_free_node_is_told_to_serve_its_own_users():
    network = Network()
    pair, node = create_free_node(network)
    assert sweep.look_at([node.pk], client=network, now=at(100)) == []
    goal = pair.nodes[0].goal
    assert (goal.group, goal.role, goal.ha_enabled, goal.peer) == ("", Role.OWN, False, None)
    assert pair.served[0] == ["x"]


def test_a_free_node_that_follows_its_goal_is_left_alone():
    network = Network()
    _, node = create_free_node(network)
    for _ in range(3):
        sweep.look_at([node.pk], client=network, now=at(100))
    assert len(network.ordered) == 1


def test_a_free_node_hears_of_changed_parameters():
    network = Network()
    pair, node = create_free_node(network)
    sweep.look_at([node.pk], client=network, now=at(100))
    ParameterValue.objects.filter(name=catalogue.CONNECT_TIMEOUT).update(value="2")
    sweep.look_at([node.pk], client=network, now=at(101))
    assert pair.nodes[0].goal.timing.connect_timeout == 2


def test_a_free_node_that_has_seen_a_newer_epoch_is_led_above_it():
    """It left its group while it could not be reached, or an older database is back."""
    network = Network()
    pair, node = create_free_node(network)
    pair.nodes[0].highest_epoch = 70
    sweep.look_at([node.pk], client=network, now=at(100))
    assert pair.nodes[0].goal is not None
    node.refresh_from_db()
    assert node.epoch > 70
    assert pair.nodes[0].highest_epoch == node.epoch


def test_a_free_node_that_vanishes_with_its_order_is_taken_to_follow_it(monkeypatch):
    """Free, it serves without an end; a report from its group said that it would stop."""
    network = create_normal_pairs(1)
    node = Node.objects.get(name="n0a")
    assert NodeReport.objects.get(node=node).report.isolates
    Member.objects.filter(node=node).delete()
    Node.objects.filter(pk=node.pk).update(epoch=50)
    monkeypatch.setattr(network, "order", lambda orders: [Answer(None, "timeout")] * len(orders))
    sweep.look_at([node.pk], client=network, now=at(101))
    (free,) = sweep.load_free([node.pk])
    assert not free.view.feared.isolates


def test_orders_kept_by_another_release_are_feared_until_a_new_one_is_accepted():
    network = create_normal_pairs(1)
    node = Node.objects.get(name="n0a")
    NodeReport.objects.filter(node=node).update(under_way={"of": "another release"})
    (pair,) = load_pairs(Member.objects.values_list("group_id", flat=True)).values()
    assert not pair.pair.nodes[0].feared.isolates
    for group in look(network):
        cycle.advance(group, client=network, clock=lambda: at(101))
    (pair,) = load_pairs(Member.objects.values_list("group_id", flat=True)).values()
    assert pair.pair.nodes[0].feared.isolates


def test_a_dead_free_node_holds_nobody_up():
    network = create_normal_pairs(1)
    pair, node = create_free_node(network)
    pair.nodes[0].crash()
    ids = [node.pk, *Node.objects.filter(name__startswith="n0").values_list("pk", flat=True)]
    assert sweep.look_at(ids, client=network, now=at(105)) == []
    assert NodeReport.objects.get(node=node).error == "refused"
    assert NodeReport.objects.get(node__name="n0a").heard_at == at(105)


def test_a_group_whose_last_node_left_is_nobodys_business():
    create_group(members=[])
    assert sweep.look_at([], client=Network(), now=at(100)) == []


# Who is due.


def claimed(second: float) -> list[int]:
    return [node for portion in sweep.claim_due(now=at(second)) for node in portion]


def test_a_node_is_due_again_after_the_heart_beat_interval():
    nodes = [create_node(cluster=create_quick_cluster()).pk]
    ParameterValue.objects.filter(name=catalogue.HEART_BEAT_INTERVAL).update(value="3")
    claims = [claimed(second) for second in range(7)]
    assert claims == [nodes, [], [], nodes, [], [], nodes]


def test_a_tick_a_hair_early_does_not_cost_a_whole_one():
    node = create_node(cluster=create_quick_cluster())
    assert claimed(0) == [node.pk]
    assert claimed(0.4) == []
    assert claimed(0.96) == [node.pk]


def test_each_cluster_has_its_own_interval():
    quick, slow = create_quick_cluster(), create_quick_cluster()
    first, second = create_node(cluster=quick).pk, create_node(cluster=slow).pk
    ParameterValue.objects.filter(cluster=slow, name=catalogue.HEART_BEAT_INTERVAL).update(
        value="9"
    )
    assert set(claimed(0)) == {first, second}
    assert claimed(1) == [first]


def test_many_are_claimed_by_portions_each_once(monkeypatch):
    monkeypatch.setattr(sweep, "PORTION", 3)
    cluster = create_quick_cluster()
    nodes = [create_node(cluster=cluster).pk for _ in range(6)]
    portions = list(sweep.claim_due(now=at(0)))
    assert [len(portion) for portion in portions] == [3, 3, 0]
    assert sorted(node for portion in portions for node in portion) == nodes


def test_no_index_holds_what_each_sweep_writes():
    """Else each heartbeat would write every index of the table anew."""
    written = {"topology_node": {"probed_at"}, "topology_nodereport": TICKING}
    for table, columns in written.items():
        with connection.cursor() as cursor:
            indexes = connection.introspection.get_constraints(cursor, table).values()
        indexed = {column for index in indexes if index["index"] for column in index["columns"]}
        assert not indexed & columns


TICKING = {"heard_at", "reachable", "error", "rtt_ms", "sessions", "ticks", "seq"}


def test_the_nodes_of_a_group_are_claimed_side_by_side():
    cluster = create_quick_cluster()
    nodes = [create_node(cluster=cluster) for _ in range(6)]
    for i in range(3):
        create_group(members=[nodes[i], nodes[5 - i]])
    ids = claimed(0)
    pairs = [set(ids[i : i + 2]) for i in (0, 2, 4)]
    assert pairs == [{nodes[i].pk, nodes[5 - i].pk} for i in range(3)]
    assert PresenceRedundancyGroup.objects.count() == 3


def test_the_due_ones_are_handed_out_in_batches(monkeypatch):
    cluster = create_quick_cluster()
    nodes = {create_node(cluster=cluster).pk for _ in range(7)}
    sent: list[list[int]] = []
    monkeypatch.setattr(sweep, "BATCH", 3)
    monkeypatch.setattr(sweep, "enqueue", lambda name, *, node_ids, observe: sent.append(node_ids))
    assert sweep.sweep(now=at(0)) == 7
    assert [len(batch) for batch in sent] == [3, 3, 1]
    assert {pk for batch in sent for pk in batch} == nodes
