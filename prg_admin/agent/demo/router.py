"""The demo's Cisco XCP Router: a real TCP server that admits clients as the agent orders.

A client says ``LOGIN <userid> <home>`` and gets ``OK``, and the connection is its session, or
``NOT-SERVED``, and is closed. The agent's side is described in ``prg_admin.agent.door``.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import contextlib
import json
import os
import signal
import sys
from typing import Any

from prg_admin.agent import clock

REPORT_PAUSE_S = 0.2
LOOK_S = 0.25
"""Timers stand still while the machine is suspended, so the clock is looked at now and then."""
LONGEST_LINE = 512
UNREAD_LIMIT = 64 * 1024
LIST_BYTES = 16 * 1024
"""Of the names in one answer; the agent reads no line that is much longer."""


class Router:
    """Who is served, until when, and the sessions."""

    def __init__(self) -> None:
        self._serve: frozenset[str] = frozenset()
        self._until: float | None = None
        self._sessions: dict[str, Session] = {}
        self._said_sessions = 0
        self._revision = 0
        self._listing: list[str] = []
        """All who were logged in when somebody last began to ask."""
        self._report_timer: asyncio.TimerHandle | None = None
        self._expiry_timer: asyncio.TimerHandle | None = None
        self.agent: asyncio.WriteTransport | None = None

    def say(self, what: dict[str, Any]) -> None:
        """To the agent; a frozen one that does not read must not fill our memory."""
        if self.agent is not None and self.agent.get_write_buffer_size() < UNREAD_LIMIT:
            self.agent.write(json.dumps(what).encode() + b"\n")

    def order(self, order: dict[str, Any]) -> None:
        self._serve = frozenset(order["serve"])
        self._until = order["until"]
        self._look()
        self._turn_away()
        # After the closes that were only scheduled: the answer means that they are done.
        asyncio.get_running_loop().call_soon(self._confirm, order["order"])

    def _confirm(self, number: int) -> None:
        self._said_sessions = len(self._sessions)
        self.say({"order": number, "serving": sorted(self._serve), "sessions": self._said_sessions})

    def _look(self) -> None:
        """Stop serving when the time has run out."""
        if self._expiry_timer is not None:
            self._expiry_timer.cancel()
            self._expiry_timer = None
        if self._until is None or not self._serve:
            return
        left = self._until - clock.now()
        if left > 0:
            loop = asyncio.get_running_loop()
            self._expiry_timer = loop.call_later(min(left, LOOK_S), self._look)
            return
        self._serve = frozenset()
        self._turn_away()
        self._said_sessions = 0
        self.say({"serving": [], "sessions": 0})

    def _turn_away(self) -> None:
        for session in [s for s in self._sessions.values() if s.home not in self._serve]:
            session.close()

    def list(self, asked: dict[str, Any]) -> None:
        """A page of those who are logged in; in the order they had when the first was asked for."""
        after, size = str(asked["after"]), 0
        page: list[str] = []
        if not after:
            self._listing = sorted(self._sessions)
        rest = self._listing[bisect.bisect_right(self._listing, after) :]
        for user in rest:
            size += len(json.dumps(user))
            if page and size > LIST_BYTES:
                break
            page.append(user)
        answer = {"listed": asked["list"], "users": page, "more": len(page) < len(rest)}
        self.say({**answer, "revision": self._revision})

    def admits(self, home: str) -> bool:
        self._look()
        return home in self._serve

    def joined(self, session: Session) -> None:
        earlier = self._sessions.get(session.user)
        if earlier is not None:
            earlier.close()
        self._sessions[session.user] = session
        self._changed()

    def left(self, session: Session) -> None:
        if self._sessions.get(session.user) is session:
            del self._sessions[session.user]
            self._changed()

    def _changed(self) -> None:
        self._revision += 1
        if self._report_timer is None:
            loop = asyncio.get_running_loop()
            self._report_timer = loop.call_later(REPORT_PAUSE_S, self._report)

    def _report(self) -> None:
        self._report_timer = None
        if len(self._sessions) != self._said_sessions:
            self._said_sessions = len(self._sessions)
            self.say({"sessions": self._said_sessions})


class Session(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self.user = ""
        self.home = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self.user:
            return  # what clients say to one another is none of the demo's business
        self._received += data
        line, end, _ = self._received.partition(b"\n")
        if end:
            self._log_in(line.decode(errors="replace").split())
        elif len(self._received) > LONGEST_LINE:
            self.close()

    def _log_in(self, words: list[str]) -> None:
        if self._transport is None:
            return
        is_login = len(words) == 3 and words[0] == "LOGIN" and words[1].isprintable()  # noqa: PLR2004
        if is_login and self._router.admits(words[2]):
            _, self.user, self.home = words
            self._transport.write(b"OK\n")
            self._router.joined(self)
        else:
            self._transport.write(b"NOT-SERVED\n")
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._router.left(self)

    def close(self) -> None:
        self._router.left(self)
        if self._transport is not None:
            self._transport.abort()


async def run(host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    router = Router()
    server = await loop.create_server(lambda: Session(router), host, port, backlog=1024)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    router.agent, _ = await loop.connect_write_pipe(
        asyncio.BaseProtocol, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    )
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    obeying = asyncio.ensure_future(_obey(router, orders))
    router.say({"ready": True})
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((obeying, stopping), return_when=asyncio.FIRST_COMPLETED)
    server.close()
    for task in (obeying, stopping):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _obey(router: Router, orders: asyncio.StreamReader) -> None:
    """Ends when the agent has closed the pipe, for without an agent nobody may be served."""
    while line := await orders.readline():
        said = json.loads(line)
        if "list" in said:
            router.list(said)
        else:
            router.order(said)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", required=True, metavar="HOST:PORT")
    host, _, port = parser.parse_args().listen.rpartition(":")
    try:
        asyncio.run(run(host, int(port)))
    except OSError as error:
        sys.stderr.write(f"The router cannot listen on {host}:{port}: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
