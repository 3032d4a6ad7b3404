"""Nodes that only answer: one process that speaks the agents' HTTPS at many loopback addresses.

Run as ``python -m benchmarks.responders PKI_DIR PORT`` with the nodes' goals on standard input;
says when it is ready and serves until it is ended. Each address is a node of its own with a report
of its own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import uvloop

from prg_admin.domain.states import CRITICAL_SERVICES, Role, ServiceState
from prg_admin.domain.ticks import tag_of, ticks_of
from prg_admin.domain.wire import PeerReport, Report, ServiceReport

NAME = "node{}.nodes.bench"
CERTIFICATE = "*.nodes.bench"


def address(number: int) -> str:
    """Of the node with this number, from 1 on."""
    return f"127.{1 + number // 65536}.{number // 256 % 256}.{number % 256}"


def report(number: int, goal: Mapping[str, Any]) -> Report:
    """Of a node that follows its goal, and is well; ``goal`` has its digest, epoch and peer."""
    name = NAME.format(number)
    services = (
        ServiceReport(service, ServiceState.STARTED, 1000 + i, 60.0, None, True, "")
        for i, service in enumerate(CRITICAL_SERVICES)
    )
    return Report(
        node=name,
        version="15.0.1.10000-10",
        boot_id=f"boot{number}",
        seq=1,
        order_seq=1,
        up_s=60.0,
        highest_epoch=goal["epoch"],
        goal_epoch=goal["epoch"],
        goal_digest=goal["digest"],
        role=Role.OWN,
        serving=(name,),
        sessions=100,
        fenced=False,
        fences=0,
        isolation_limit_s=goal["isolation_limit_s"],
        serves_unasked=False,
        services=tuple(services),
        peer=PeerReport(goal["peer"], 0.5, 0.4, "", (goal["peer"],)),
        database=None,
    )


class Responder(asyncio.Protocol):
    """Answers each request as the node whose address was called: in full, or by its ticks."""

    def __init__(self, answers: Mapping[str, Said]) -> None:
        self._answers = answers
        self._said: Said | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._said = self._answers[transport.get_extra_info("sockname")[0]]

    def data_received(self, data: bytes) -> None:
        # Probes have no body and come one after the other: a request ends where its data ends.
        if self._transport is not None and self._said is not None and data.endswith(END):
            self._transport.write(self._said.answer(data))


END = b"\r\n\r\n"


class Said:
    """What one node answers, each time with the next number."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._seq = 0
        self._known = f'If-None-Match: "{tag_of(report)}"'.encode()
        head = f'ETag: "{tag_of(report)}"\r\nTicks: '
        ticks = str(ticks_of(report)).split(" ", 1)[1]
        self._unchanged = (
            f"HTTP/1.1 304 Not Modified\r\n{head}".encode(),
            f" {ticks}".encode() + END,
        )

    def answer(self, request: bytes) -> bytes:
        self._seq += 1
        if self._known in request:
            before, after = self._unchanged
            return b"%b%d%b" % (before, self._seq, after)
        body = json.dumps(replace(self._report, seq=self._seq).to_json()).encode()
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f'Content-Length: {len(body)}\r\nETag: "{tag_of(self._report)}"'
        )
        return head.encode() + END + body


def tls(pki: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "nodes.crt", pki / "nodes.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def loopback_socket(port: int) -> socket.socket:
    """Listens at every loopback address, and at no other: it is bound to the loopback device."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    listener.bind(("0.0.0.0", port))  # noqa: S104 - of that device alone
    return listener


async def serve(pki: Path, port: int, goals: list[dict[str, Any]]) -> None:
    answers = {address(n): Said(report(n, goal)) for n, goal in enumerate(goals, start=1)}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Responder(answers), sock=loopback_socket(port), ssl=tls(pki), backlog=4096
    )
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.stdin.read())))
