"""One worker process sweeping many nodes, beside a bare event loop making the same requests.

Both keep their connections and ask the same responders over the same mutual TLS; ours besides reads
each report strictly, compares it with the last one, decides, and keeps it in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import responders
from prg_admin.domain.timing import RecoverySettings
from prg_admin.recovery import sweep
from prg_admin.topology import pki
from prg_admin.topology.agents import MOST_AT_ONCE, AgentClient
from prg_admin.topology.models import Cluster, Node, NodeReport

ROUNDS = 3
THREADS = 8


def run(folder: Path, counts: tuple[int, ...] = (1_000, 10_000)) -> dict[str, Any]:
    pki.ensure_authority(folder)
    pki.issue(folder, responders.CERTIFICATE, folder / "nodes.crt", folder / "nodes.key")
    return {f"{count} nodes": _one(folder, count) for count in counts}


def _one(folder: Path, count: int) -> dict[str, Any]:
    cluster = Cluster.objects.create(name=f"bench-{count}")
    nodes = Node.objects.bulk_create(
        Node(cluster=cluster, name=responders.NAME.format(i), address=responders.address(i),
             port=1, publisher="p")
        for i in range(1, count + 1)
    )  # fmt: skip
    ids = [node.pk for node in nodes]
    goals = {
        free.view.name: free.goal(RecoverySettings()).digest
        for start in range(0, count, 1000)
        for free in sweep.load_free(ids[start : start + 1000])
    }
    digests = [goals[responders.NAME.format(number)] for number in range(1, count + 1)]
    try:
        with _responding(folder, digests) as port:
            Node.objects.filter(cluster=cluster).update(port=port)
            ours = _ours(folder, ids)
            bare = uvloop.run(_bare(folder, port, count))
    finally:
        NodeReport.objects.filter(node__cluster=cluster).delete()
        Node.objects.filter(cluster=cluster).delete()
        cluster.delete()
    best, bare_best = max(ours["probes_per_s"]), max(bare)
    return {
        "probes_per_s": round(best),
        "bare_probes_per_s": round(bare_best),
        "ratio": round(best / bare_best, 3),
        "queries_per_batch": ours["queries"],
        "batch": sweep.BATCH,
        "cpu_s_per_1000_probes": round(ours["cpu_s"] / (count * ROUNDS) * 1000, 3),
    }


@contextmanager
def _responding(folder: Path, digests: list[str]) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.responders", str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(digests))
        process.stdin.close()
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def _ours(folder: Path, ids: list[int]) -> dict[str, Any]:
    client = AgentClient(folder)
    batches = [ids[i : i + sweep.BATCH] for i in range(0, len(ids), sweep.BATCH)]

    def look(batch: list[int]) -> None:
        try:
            sweep.look_at(batch, client=client, now=timezone.now())
        finally:
            connections.close_all()

    rates = []
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(look, batches))  # connections open, first reports kept
            begin_cpu = _cpu()
            for _ in range(ROUNDS):
                begin = time.perf_counter()
                list(pool.map(look, batches))
                rates.append(len(ids) / (time.perf_counter() - begin))
            cpu = _cpu() - begin_cpu
        with CaptureQueriesContext(connection) as queries:
            sweep.look_at(batches[0], client=client, now=timezone.now())
    finally:
        client.close()
    return {"probes_per_s": rates, "queries": len(queries), "cpu_s": cpu}


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _bare(folder: Path, port: int, count: int) -> list[float]:
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "engine.crt", folder / "engine.key")
    gate = asyncio.Semaphore(MOST_AT_ONCE)
    kept: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def ask(number: int) -> None:
        async with gate:
            name = responders.NAME.format(number)
            if number not in kept:
                kept[number] = await asyncio.open_connection(
                    responders.address(number), port, ssl=context, server_hostname=name
                )
            reader, writer = kept[number]
            writer.write(f"GET /srm/v1/report HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            json.loads(await reader.readexactly(length))

    rates = []
    for round_number in range(ROUNDS + 1):
        begin = time.perf_counter()
        await asyncio.gather(*(ask(number) for number in range(1, count + 1)))
        if round_number:  # the first one opens the connections
            rates.append(count / (time.perf_counter() - begin))
    for _, writer in kept.values():
        writer.close()
    return rates
