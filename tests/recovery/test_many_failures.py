"""Half of 200 groups fail within seconds, four workers see to them (F27)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prg_admin.domain.states import NodeState
from prg_admin.recovery import sweep
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Node
from tests.recovery.agents import Network, SimPair, at, create_quick_cluster, create_sim_pair
from tests.recovery.threads import workers

pytestmark = pytest.mark.django_db(transaction=True)

S = NodeState
GROUPS = 200
SECONDS = 8
WORKERS = 4
BACKED_UP = {(S.DOWN, S.BACKUP), (S.FAILED_OVER_SERVICES_DOWN, S.BACKUP)}
QUERIES_OF_A_LOOK = 20
"""Of a quiet one over a whole batch; it does not grow with the number of nodes."""


class QuietPair(SimPair):
    """Its nodes are heard by the engine's looks alone: no call-ins, each a transaction."""

    def alive_call_in(self, index: int, node: object) -> None:
        del index
        if getattr(node, "alive", False):
            node.renewed = self.clock  # type: ignore[attr-defined]


def create_pairs() -> Network:
    cluster, network = create_quick_cluster(), Network()
    for number in range(GROUPS):
        names = (f"n{number:03}a", f"n{number:03}b")
        pair = create_sim_pair(names, cluster=cluster, network=network)
        pair.__class__ = QuietPair
        pair.run()
    return network


def batches() -> list[list[int]]:
    ids = list(Node.objects.order_by("pk").values_list("pk", flat=True))
    return [ids[i : i + sweep.BATCH] for i in range(0, len(ids), sweep.BATCH)]


def fail(pair: SimPair, *, number: int) -> None:
    """Every second one loses its host, every other one a service."""
    if number % 2:
        pair.nodes[0].crash()
    else:
        pair.lose_service(0)


def engine_turn(network: Network, looks: Iterable[list[int]], clock: float) -> None:
    """What a beat's tick causes: looks at all nodes, then at each group that has work."""
    by_group = {pair.group_id: pair for pair in network.pairs}
    with workers(WORKERS) as begin:
        found = [
            begin(lambda ids: sweep.look_at(ids, client=network, now=at(clock)), ids)
            for ids in looks
        ]
        busy = {group for look in found for group in look.result(60)}
        for turn in [begin(by_group[group].advance) for group in busy]:
            turn.result(60)


@pytest.mark.fault("F27")
def test_f27_half_of_all_groups_fail_at_almost_the_same_time(broker):
    network = create_pairs()
    failing, sound = network.pairs[::2], network.pairs[1::2]
    before = Event.objects.count()
    looks = batches()
    for second in range(SECONDS):
        clock = 100.0 + second
        for number in range(second * 25, min(second * 25 + 25, len(failing))):
            fail(failing[number], number=number)
        engine_turn(network, looks, clock)
        for pair in network.pairs:
            pair.pass_time(1)
    engine_turn(network, looks, 100.0 + SECONDS)
    assert {pair.states for pair in failing} == BACKED_UP
    assert {pair.states for pair in sound} == {(S.NORMAL, S.NORMAL)}
    assert {served for pair in failing for served in map(len, pair.served)} == {0, 2}
    with CaptureQueriesContext(connection) as queries:
        sweep.look_at(looks[0], client=network, now=at(100.0 + SECONDS))
    assert len(queries) <= QUERIES_OF_A_LOOK
    told = Event.objects.order_by("pk")[before:]
    assert {event.group_id for event in told} == {pair.group_id for pair in failing}
    assert len({(event.group_id, event.rule) for event in told}) == len(told)
