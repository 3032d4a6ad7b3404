"""Nodes that only answer: one process that speaks the agents' HTTPS at many loopback addresses.

Run as ``python -m benchmarks.responders PKI_DIR COUNT``; prints the port and serves until it is
ended. Each address is a node of its own with a report of its own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import uvloop

from prg_admin.domain.states import CRITICAL_SERVICES, Role, ServiceState
from prg_admin.domain.wire import Report, ServiceReport

NAME = "node{}.nodes.bench"
CERTIFICATE = "*.nodes.bench"


def address(number: int) -> str:
    """Of the node with this number, from 1 on."""
    return f"127.{1 + number // 65536}.{number // 256 % 256}.{number % 256}"


def report(number: int, *, digest: str = "", epoch: int = 1, role: Role = Role.OWN) -> Report:
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
        highest_epoch=epoch,
        goal_epoch=epoch,
        goal_digest=digest,
        role=role,
        serving=(name,),
        sessions=100,
        fenced=False,
        fences=0,
        isolation_limit_s=0.0,
        services=tuple(services),
        peer=None,
        database=None,
    )


class Responder(asyncio.Protocol):
    """Answers each request with the report of the node whose address was called."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self._answers = answers
        self._answer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._answer = self._answers[transport.get_extra_info("sockname")[0]]

    def data_received(self, data: bytes) -> None:
        # Probes have no body and come one after the other: a request ends where its data ends.
        if self._transport is not None and data.endswith(b"\r\n\r\n"):
            self._transport.write(self._answer)


def tls(pki: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "nodes.crt", pki / "nodes.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def loopback_socket() -> socket.socket:
    """Listens at every loopback address, and at no other: it is bound to the loopback device."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    listener.bind(("0.0.0.0", 0))  # noqa: S104 - of that device alone
    return listener


async def serve(pki: Path, digests: list[str]) -> None:
    answers = {}
    for number, digest in enumerate(digests, start=1):
        body = json.dumps(report(number, digest=digest).to_json()).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        answers[address(number)] = head.encode() + b"\r\n\r\n" + body
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Responder(answers), sock=loopback_socket(), ssl=tls(pki), backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), json.loads(sys.stdin.read())))
