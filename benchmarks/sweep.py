"""One worker process sweeping many nodes, beside bare event loops making the same requests.

All ask like responders, which are processes of their own, over kept connections of the same mutual
TLS, and all name the tags of the reports they know. Ours besides claims who is due, hands the
batches out, compares what it knows of each group, and keeps in PostgreSQL when it heard whom.
The rounds take turns, so all meet the same machine.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from benchmarks import responders
from benchmarks.bare_sweep import LOOPS
from prg_admin.domain.orders import goal_of
from prg_admin.domain.states import NodeState, Reason
from prg_admin.domain.timing import RecoverySettings
from prg_admin.groups.models import Member, PresenceRedundancyGroup
from prg_admin.groups.pairs import load_pairs
from prg_admin.launcher.spawn import free_port
from prg_admin.lib import garbage
from prg_admin.lib.clock import steady_now
from prg_admin.recovery import sweep
from prg_admin.recovery.models import EngineStatus
from prg_admin.topology import pki
from prg_admin.topology.agents import AgentClient
from prg_admin.topology.models import Cluster, Node, NodeReport

ROUNDS = 7
WARM_UP = 2
"""The first round opens the connections and keeps reports, the second finds the groups quiet."""
THREADS = 8
NODES_OF_A_CLUSTER = 6

WHAT = (
    "nodes in groups of two with High Availability on, six nodes a cluster, all Normal; a sweep "
    "claims who is due, hands out batches (one Celery message each), probes, compares, keeps when "
    "it heard whom, and returns the groups with work"
)
BARE_WHAT = (
    "asyncio streams on the loop that is named, one task a node, 100 at once, on kept connections: "
    "the same conditional requests over the same mutual TLS, each answer read to its end"
)


class Took(NamedTuple):
    """One round: by the clock, and of the processor."""

    wall_s: float
    cpu_s: float


Round = Callable[[], Took]


def run(folder: Path, counts: tuple[int, ...] = (1_000, 10_000)) -> dict[str, Any]:
    pki.ensure_authority(folder)
    pki.issue(folder, responders.CERTIFICATE, folder / "nodes.crt", folder / "nodes.key")
    measured = {f"{count} nodes": _one(folder, count) for count in counts}
    return {"what": WHAT, "bare_what": BARE_WHAT, **measured}


def _one(folder: Path, count: int) -> dict[str, Any]:
    port = free_port()
    goals = _create(count, port)
    ids = list(Node.objects.order_by("member__group", "pk").values_list("pk", flat=True))
    tags = [goal["tag"] for goal in goals]
    try:
        with ExitStack() as stack:
            stack.enter_context(_responding(folder, goals, port))
            bares = {}
            for loop in LOOPS:
                # Each side has responders of its own: one process could not hold all connections.
                other = stack.enter_context(_responding(folder, goals, free_port()))
                bares[loop] = stack.enter_context(_bare(folder, other, loop, tags))
            return _by_turns(folder, ids, bares)
    finally:
        for model in (NodeReport, Member, PresenceRedundancyGroup, Node, Cluster):
            model.objects.all().delete()


def _create(count: int, port: int) -> list[dict[str, Any]]:
    """The goals of the nodes, in the order of their numbers."""
    size = NODES_OF_A_CLUSTER
    clusters = Cluster.objects.bulk_create(
        Cluster(name=f"bench-{n}") for n in range((count + size - 1) // size)
    )
    nodes = Node.objects.bulk_create(
        Node(cluster=clusters[i // size], name=responders.NAME.format(i + 1),
             address=responders.address(i + 1), port=port, publisher="p")
        for i in range(count)
    )  # fmt: skip
    groups = PresenceRedundancyGroup.objects.bulk_create(
        PresenceRedundancyGroup(cluster=node.cluster, name=f"of-{node.name}", ha_enabled=True)
        for node in nodes[::2]
    )
    now = steady_now()
    Member.objects.bulk_create(
        Member(group=groups[i // 2], node=node, position=i % 2 + 1, state=NodeState.NORMAL,
               reason=Reason.NORMAL, state_since_at=now, boot_id=f"boot{i + 1}")
        for i, node in enumerate(nodes)
    )  # fmt: skip
    pairs = [loaded.pair for loaded in load_pairs([group.pk for group in groups]).values()]
    goals = [_goal(pair, index) for pair in pairs for index in (0, 1)]
    return sorted(goals, key=lambda goal: int(goal["number"]))


def _goal(pair: Any, index: int) -> dict[str, Any]:
    goal = goal_of(pair, index, RecoverySettings())
    said = {
        "digest": goal.digest,
        "epoch": goal.epoch,
        "isolation_limit_s": goal.timing.isolation_limit if goal.fence else 0.0,
        "peer": pair.nodes[1 - index].name,
    }
    number = int(goal.node.split(".")[0].removeprefix("node"))
    return {**said, "tag": responders.tag_of(responders.report(number, said)), "number": number}


@contextmanager
def _responding(folder: Path, goals: list[dict[str, Any]], port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.responders", str(folder), str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(goals))
        process.stdin.close()
        assert process.stdout.readline(), "the responders did not start"
        yield port
    finally:
        process.terminate()
        process.wait()


def _by_turns(folder: Path, ids: list[int], bares: Mapping[str, Round]) -> dict[str, Any]:
    ours, rows = Ours(folder), []
    garbage.seldom()  # as a worker does
    try:
        for number in range(WARM_UP + ROUNDS):
            # As if the heart beat interval had passed, and no sweep been missed.
            Node.objects.update(probed_at=steady_now() - timedelta(hours=1))
            EngineStatus.objects.update(swept_at=steady_now())
            row = [_timed(ours.once, len(ids)), *(bare() for bare in bares.values())]
            told = [
                f"{name} {took.wall_s / row[0].wall_s:.2f}"
                for name, took in zip(bares, row[1:], strict=True)
            ]
            sys.stderr.write(f"sweep of {len(ids)}: ratio to {', '.join(told)}\n")
            rows += [row] if number >= WARM_UP else []
        queries = ours.queries(ids[: sweep.BATCH])
    finally:
        ours.close()
    mine, *theirs = zip(*rows, strict=True)
    return {
        **_speed(mine, len(ids)),
        "queries_per_batch": queries,
        "batch": sweep.BATCH,
        "rounds": len(rows),
        "load": round(os.getloadavg()[0], 2),
        "bare": {
            name: _speed(took, len(ids)) | _ratios(mine, took)
            for name, took in zip(bares, theirs, strict=True)
        },
    }


def _speed(rounds: Sequence[Took], nodes: int) -> dict[str, float]:
    return {
        "probes_per_s": round(nodes / median(took.wall_s for took in rounds)),
        "cpu_s_per_1000_probes": round(median(took.cpu_s for took in rounds) * 1000 / nodes, 4),
    }


def _ratios(ours: Sequence[Took], bare: Sequence[Took]) -> dict[str, float]:
    """Of probes per second, ours to those of the bare loop."""
    ratios = [b.wall_s / o.wall_s for o, b in zip(ours, bare, strict=True)]
    cpu = median(took.cpu_s for took in bare) / median(took.cpu_s for took in ours)
    return {
        "ratio": round(median(ratios), 3),
        "best_ratio": round(max(ratios), 3),
        "worst_ratio": round(min(ratios), 3),
        "cpu_ratio": round(cpu, 3),
    }


@contextmanager
def _bare(folder: Path, port: int, loop: str, tags: list[str]) -> Iterator[Round]:
    command = [sys.executable, "-m", "benchmarks.bare_sweep", str(folder), str(port), loop]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    to, back = process.stdin, process.stdout

    def once() -> Took:
        to.write("go\n")
        to.flush()
        said = json.loads(back.readline())
        assert said["done"] == len(tags), f"{said['done']} of {len(tags)} nodes"
        return Took(said["seconds"], said["cpu_s"])

    try:
        to.write(json.dumps(tags) + "\n")
        yield once
    finally:
        to.close()
        process.wait(60)


def _timed(work: Callable[[], int], expected: int) -> Took:
    begin, begin_cpu = time.perf_counter(), _cpu()
    done = work()
    taken = Took(time.perf_counter() - begin, _cpu() - begin_cpu)
    assert done == expected, f"{done} of {expected} nodes"
    return taken


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Ours:
    def __init__(self, folder: Path) -> None:
        self._client = AgentClient(folder)
        self._pool = ThreadPoolExecutor(THREADS)
        self._running: list[Future[None]] = []
        self._send = sweep.enqueue
        sweep.enqueue = self._hand_out  # type: ignore[assignment]

    def once(self) -> int:
        claimed = sweep.sweep(now=steady_now())
        for future in self._running:
            future.result()
        self._running.clear()
        return claimed

    def _hand_out(self, name: str, *, node_ids: list[int], observe: bool) -> None:
        self._send(name, node_ids=node_ids, observe=observe)
        self._running.append(self._pool.submit(self._look, node_ids))

    def _look(self, node_ids: list[int]) -> None:
        try:
            busy = sweep.look_at(node_ids, client=self._client, now=steady_now())
            assert not busy, f"groups {busy} have work"
        finally:
            connection.close()

    def queries(self, node_ids: list[int]) -> int:
        with CaptureQueriesContext(connection) as queries:
            sweep.look_at(node_ids, client=self._client, now=steady_now())
        return len(queries)

    def close(self) -> None:
        sweep.enqueue = self._send
        self._pool.shutdown()
        self._client.close()
        connections.close_all()
