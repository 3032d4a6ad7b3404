"""Half of very many groups fail within a minute: how long until the last one is served again.

Nodes, network and clock are simulated, the engine and its database are real: it looks at all nodes
once a second of the simulated clock, as its sweeps do, in as many threads as a worker has. What is
measured is how far the engine's own work falls behind that clock.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from django.db import connection

from benchmarks.summaries import summary
from prg_admin.domain.states import NodeState
from prg_admin.domain.timing import worst_case
from prg_admin.lib import garbage
from prg_admin.recovery import sweep
from prg_admin.recovery.cycle import advance
from prg_admin.recovery.models import Event
from prg_admin.topology.models import Node
from tests.domain.simulation import SETTINGS
from tests.recovery.agents import Network, SimPair, at, create_quick_cluster, create_sim_pair

THREADS = 8
FAILING_S = 60
BEGIN = 100.0
GROUPS_OF_A_CLUSTER = 3


class QuietPair(SimPair):
    """Heard by the engine's looks alone: no call-ins, each of which is a transaction."""

    def alive_call_in(self, index: int, node: Any) -> None:
        del index
        if node.alive:
            node.renewed = self.clock


class Turn(NamedTuple):
    """The engine's work for one second."""

    wall_s: float
    cpu_s: float


class ByName(Network):
    """Finds the pair of a node at once, however many there are."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, SimPair] = {}

    def _of(self, name: str) -> SimPair:
        return self.of[name]


def run(groups: int) -> dict[str, Any]:
    network = _create(groups)
    by_group = {pair.group_id: pair for pair in network.pairs}
    failing = network.pairs[::2]
    ids = list(Node.objects.order_by("member__group", "pk").values_list("pk", flat=True))
    batches = [ids[i : i + sweep.BATCH] for i in range(0, len(ids), sweep.BATCH)]
    before = Event.objects.count()
    failed_at: dict[int, float] = {}
    served_at: dict[int, float] = {}
    turns: list[Turn] = []
    second = 0
    garbage.seldom()  # as a worker does
    while len(served_at) < len(failing):
        clock = BEGIN + second
        first, last = (len(failing) * s // FAILING_S for s in (second, second + 1))
        for number in range(first, min(last, len(failing))):
            _fail(failing[number], number)
            failed_at[failing[number].group_id] = clock
        turns.append(_turn(network, batches, by_group, clock))
        for pair in failing:
            if pair.group_id not in served_at and len(pair.served[1]) == 2:  # noqa: PLR2004
                served_at[pair.group_id] = clock
        for pair in network.pairs:
            pair.pass_time(1)
        second += 1
        if second % 10 == 0:
            told_s = f"{turns[-1].wall_s:.2f} s"
            sys.stderr.write(f"many: second {second}, {len(served_at)} served, {told_s}\n")
    sound = {pair.states for pair in network.pairs[1::2]}
    told = {event.group_id for event in Event.objects.order_by("pk")[before:]}
    return _result(groups, failed_at, served_at, turns) | {
        "false_failovers": len(told - {pair.group_id for pair in failing}),
        "sound_groups_normal": sound == {(NodeState.NORMAL, NodeState.NORMAL)},
    }


def _queued(failed_at: dict[int, float], served_at: dict[int, float], works: list[float]) -> float:
    """The longest wait of a group when each turn begins only after the one before has ended."""
    ends: list[float] = []
    for second, work in enumerate(works):
        ends.append(max(BEGIN + second, ends[-1] if ends else BEGIN) + work)
    return max(ends[int(served_at[group] - BEGIN)] - at_ for group, at_ in failed_at.items())


def _result(
    groups: int, failed_at: dict[int, float], served_at: dict[int, float], turns: list[Turn]
) -> dict[str, Any]:
    formula = worst_case(SETTINGS).silent.served_s or 0.0
    waits = [served_at[group] - at_ for group, at_ in failed_at.items()]
    walls, cpus = [turn.wall_s for turn in turns], [turn.cpu_s for turn in turns]
    queued = _queued(failed_at, served_at, walls)
    return {
        "what": f"{groups} groups, half of them failing within {FAILING_S} s: every second one a "
        "host, every other one a service; nodes simulated, engine and database real",
        "last_served_after_s": max(waits),
        "formula_s": formula,
        "last_to_formula": round(max(waits) / formula, 3),
        "last_served_queued_s": round(queued, 3),
        "queued_to_formula": round(queued / formula, 3),
        "queued_what": "the same with each turn's work by the wall added, and what it puts off",
        "last_served_queued_cpu_s": round(_queued(failed_at, served_at, cpus), 3),
        "queued_cpu_what": "with the work by the engine's processor time, as on a core of its own",
        "turn": summary(walls),
        "turn_cpu": summary(cpus),
        "turn_to_tick": round(max(walls), 3),
        "turn_what": "the engine's work for one second of the nodes' clock, by the wall; above "
        "one tick it falls behind",
    }


def _create(groups: int) -> ByName:
    network = ByName()
    cluster = create_quick_cluster()
    for number in range(groups):
        if number % GROUPS_OF_A_CLUSTER == 0:
            cluster = create_quick_cluster()
        names = (f"n{number:04}a", f"n{number:04}b")
        pair = create_sim_pair(names, cluster=cluster, network=network)
        pair.__class__ = QuietPair
        network.of |= dict.fromkeys(names, pair)
        pair.run()
    return network


def _fail(pair: SimPair, number: int) -> None:
    if number % 2:
        pair.nodes[0].crash()
    else:
        pair.lose_service(0)


def _turn(
    network: Network, batches: Iterable[list[int]], by_group: dict[int, SimPair], clock: float
) -> Turn:
    began, began_cpu = time.perf_counter(), time.process_time()

    def look(ids: list[int]) -> list[int]:
        try:
            return sweep.look_at(ids, client=network, now=at(clock))  # type: ignore[arg-type]
        finally:
            connection.close()

    def drive(group: int) -> None:
        try:
            pair = by_group[group]
            advance(group, client=network, clock=lambda: pair.now)  # type: ignore[arg-type]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        busy = {group for found in pool.map(look, batches) for group in found}
        list(pool.map(drive, busy))
    return Turn(time.perf_counter() - began, time.process_time() - began_cpu)
