"""A quiet sweep thinks of nothing, and nothing escapes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prg_admin.domain import catalogue
from prg_admin.domain.requests import Action
from prg_admin.domain.states import NodeState
from prg_admin.groups.models import PresenceRedundancyGroup
from prg_admin.parameters.models import ParameterValue
from prg_admin.recovery import known, reports, sweep
from prg_admin.topology.models import Node, NodeReport
from tests.recovery.agents import Network, SimPair, at, create_quick_cluster, create_sim_pair

pytestmark = pytest.mark.django_db

S = NodeState
QUERIES_OF_A_QUIET_LOOK = 3
"""Who they are and what is known of them; the parameters; what they said."""


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a process that has just started."""
    monkeypatch.setattr(sweep, "quiet", known.Quiet())


@pytest.fixture
def thought(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many groups and free nodes each look had to think about."""
    counts: list[int] = []
    think = sweep._think

    def counted(units, *more):
        counts.append(len(units))
        return think(units, *more)

    monkeypatch.setattr(sweep, "_think", counted)
    return counts


def create_quiet_pairs(count: int, *, prefix: str = "n") -> Network:
    """All Normal, and looked at until nothing about them is new."""
    cluster, network = create_quick_cluster(), Network()
    for i in range(count):
        pair = create_sim_pair((f"{prefix}{i}a", f"{prefix}{i}b"), cluster=cluster, network=network)
        pair.run()
        assert pair.states == (S.NORMAL, S.NORMAL)
    for _ in range(3):
        assert look(network) == []
    return network


def ids_of(network: Network) -> list[int]:
    names = [name for pair in network.pairs for name in pair.names]
    return list(Node.objects.filter(name__in=names).values_list("pk", flat=True))


def look(network: Network, *, clock: float = 100.0) -> list[int]:
    return sweep.look_at(ids_of(network), client=network, now=at(clock))


def test_a_quiet_look_thinks_of_no_group_and_costs_three_queries(thought: list[int]):
    few, many = create_quiet_pairs(2), create_quiet_pairs(20, prefix="m")
    thought.clear()
    for network in (few, many):
        ids = ids_of(network)
        with CaptureQueriesContext(connection) as queries:
            assert sweep.look_at(ids, client=network, now=at(101)) == []
        assert len(queries) == QUERIES_OF_A_QUIET_LOOK
    assert thought == []


def test_a_quiet_look_keeps_what_ticks():
    network = create_quiet_pairs(1)
    before = NodeReport.objects.get(node__name="n0a")
    network.pairs[0].nodes[0].heard_peer -= 0.75
    look(network, clock=107)
    after = NodeReport.objects.get(node__name="n0a")
    assert (after.heard_at, after.reachable, after.tag) == (at(107), True, before.tag)
    assert after.document == before.document
    assert after.report.seq > before.report.seq
    assert after.report.peer.silence_s == pytest.approx(before.report.peer.silence_s + 0.75)


def crash(pair: SimPair) -> None:
    pair.nodes[0].crash()


def lose_service(pair: SimPair) -> None:
    pair.lose_service(0)


def be_served_wrongly(pair: SimPair) -> None:
    pair.nodes[1].serving = frozenset()


def ask_for_failover(pair: SimPair) -> None:
    assert pair.ask(Action.FAILOVER, 0) is None


def switch_off(pair: SimPair) -> None:
    PresenceRedundancyGroup.objects.filter(pk=pair.group_id).update(ha_enabled=False, version=99)


def change_a_parameter(pair: SimPair) -> None:
    ParameterValue.objects.filter(name=catalogue.CONNECT_TIMEOUT).update(value="2")


def move_the_peer(pair: SimPair) -> None:
    Node.objects.filter(name=pair.names[1]).update(port=4321)


def rename(pair: SimPair) -> None:
    PresenceRedundancyGroup.objects.filter(pk=pair.group_id).update(name="other", revision=7)


def claim_it(pair: SimPair) -> None:
    NodeReport.objects.filter(node__name=pair.names[0]).update(claimed_boot="second")


@pytest.mark.parametrize(
    "change",
    [crash, lose_service, be_served_wrongly, ask_for_failover, switch_off, change_a_parameter,
     move_the_peer, rename, claim_it],
)  # fmt: skip
def test_whatever_changes_is_thought_of(thought: list[int], change: Callable[[SimPair], None]):
    network = create_quiet_pairs(1)
    thought.clear()
    change(network.pairs[0])
    look(network, clock=101)
    assert thought == [1]


def test_another_process_thinks_once_and_finds_the_same(thought: list[int], monkeypatch):
    network = create_quiet_pairs(2)
    monkeypatch.setattr(sweep, "quiet", known.Quiet())
    thought.clear()
    assert [look(network), look(network)] == [[], []]
    assert thought == [2]


def test_only_the_group_that_changed_is_thought_of(thought: list[int]):
    network = create_quiet_pairs(3)
    network.pairs[1].nodes[0].crash()
    thought.clear()
    look(network, clock=101)
    assert thought == [1]


def test_a_group_in_transition_is_thought_of_each_time(thought: list[int]):
    network = create_quiet_pairs(1)
    network.pairs[0].ask(Action.FAILOVER, 0)
    thought.clear()
    for _ in range(3):
        assert look(network, clock=101) == [network.pairs[0].group_id]
    assert thought == [1, 1, 1]


def test_sessions_that_come_and_go_are_news_but_nothing_to_think_of(thought, monkeypatch):
    network = create_quiet_pairs(1)
    told: list[str] = []
    monkeypatch.setattr(reports, "announce", lambda *topics: told.extend(topics))
    thought.clear()
    NodeReport.objects.filter(node__name="n0a").update(sessions=41)
    look(network)
    assert told == [f"node-{Node.objects.get(name='n0a').pk}", "nodes"]
    assert NodeReport.objects.get(node__name="n0a").sessions == 0
    assert thought == []
