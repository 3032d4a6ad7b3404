"""Many requests at once to the agents, on connections that are kept.

Probing is the engine's heart, and a general client costs several times what the probe itself does.
This one asks from the calling thread, with one ``epoll`` over plain TLS sockets: each connection
(``topology.connection``) carries one request at a time, each request has one total deadline.
Nobody is led elsewhere.

A node that does not answer holds up nobody: whenever nothing has happened for a moment, more of the
waiting requests are begun.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from prg_admin.topology.connection import BadAnswerError, Connection, Key, Response

MOST_AT_ONCE = 100
"""Requests under way at a time; more of them only make each one slower."""
STALL_S = 0.02
"""Without any answer for so long, more requests are begun beside those under way."""
IDLE_S = 320.0
"""A connection that rested longer is not used again; no sensible heartbeat interval is as long."""

_clock = time.monotonic


class Ask(NamedTuple):
    key: Key
    request: bytes
    timeout_s: float
    """In all: connection, request and answer."""


Outcome = Response | Exception
"""TimeoutError, ssl.SSLError, another OSError, or one of ``topology.connection``."""
_Where = tuple[int, Any]
_STREAM = socket.SOCK_STREAM
_UNASKED = OSError("not asked")


class Wires:
    """The kept connections of a process; any number of threads may ask at the same time."""

    def __init__(self) -> None:
        self._idle: dict[Key, list[Connection]] = {}
        # Each step on a TLS socket lets go of the interpreter; threads that take steps at the same
        # time would snatch it from one another at each. So they take them by turns, many at once.
        self.stepping = threading.Lock()
        self._resolver = ThreadPoolExecutor(8, thread_name_prefix="resolver")

    def ask(self, asks: Sequence[Ask], tls: ssl.SSLContext) -> list[Outcome]:
        """All of them; outcomes stand in the same order."""
        with contextlib.closing(_Turn(asks, tls, self)) as turn:
            looked_up = {
                place: self._resolver.submit(socket.getaddrinfo, *ask.key[1:], 0, _STREAM)
                for place, ask in enumerate(asks)
                if not self._idle.get(ask.key) and not _is_number(ask.key[1])
            }
            turn.run([place for place in range(len(asks)) if place not in looked_up])
            while looked_up:
                turn.wait_for(looked_up)
            return turn.outcomes

    def take(self, key: Key) -> Connection | None:
        idle = self._idle.get(key)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was quicker
                return None
            if _clock() - connection.rested_at < IDLE_S:
                return connection
            connection.sock.close()
        return None

    def keep(self, connection: Connection) -> None:
        if not connection.spoilt:
            connection.is_kept, connection.rested_at = True, _clock()
            self._idle.setdefault(connection.key, []).append(connection)
        else:
            connection.sock.close()

    def close(self) -> None:
        self._resolver.shutdown(wait=False, cancel_futures=True)
        for idle in self._idle.values():
            while idle:
                idle.pop().sock.close()


class _Turn:
    """One call of ``Wires.ask``."""

    def __init__(self, asks: Sequence[Ask], tls: ssl.SSLContext, wires: Wires) -> None:
        self.outcomes: list[Outcome] = [_UNASKED] * len(asks)
        self._began = _clock()
        self._asks = asks
        self._tls = tls
        self._wires = wires
        self._where: dict[int, list[_Where]] = {}
        """Addresses of names that were looked up, by place: those not yet tried."""
        self._active: dict[int, Connection] = {}
        self._anew: deque[tuple[int, float]] = deque()
        """Places to be asked once more over a new connection, and when they began."""
        self._soonest = float("inf")
        self._poll = select.epoll()

    def close(self) -> None:
        for connection in self._active.values():
            connection.sock.close()
        self._poll.close()

    def wait_for(self, looked_up: dict[int, Future[list[Any]]]) -> None:
        """Asks those whose addresses are known by now; their deadline counts from the begin."""
        passed = _clock() - self._began
        left = min(self._asks[place].timeout_s for place in looked_up) - passed
        wait(looked_up.values(), max(0.0, left), FIRST_COMPLETED)
        found = []
        for place, future in list(looked_up.items()):
            if future.done():
                try:
                    self._where[place] = [(family, to) for family, *_, to in future.result()]
                    found.append(place)
                except (OSError, UnicodeError) as error:
                    self.outcomes[place] = OSError(str(error))
            elif _clock() - self._began >= self._asks[place].timeout_s:
                self.outcomes[place] = TimeoutError()
            else:
                continue
            del looked_up[place]
        self.run(found)

    def run(self, places: Sequence[int]) -> None:
        waiting = deque(places)
        room = MOST_AT_ONCE
        while waiting or self._active or self._anew:
            with self._wires.stepping:
                while self._anew:
                    self._connect(*self._anew.popleft())
                while waiting and len(self._active) < room:
                    self._begin(waiting.popleft())
            room = MOST_AT_ONCE if self._look() else len(self._active) + MOST_AT_ONCE

    def _look(self) -> bool:
        """One wait for whatever happens; False when nothing did for a while."""
        events = self._poll.poll(max(0.0, min(STALL_S, self._soonest - _clock())))
        with self._wires.stepping:
            for handle, _ in events:
                # Of one that has answered nothing more is of interest, not even that it hung up.
                if (connection := self._active.get(handle)) is not None:
                    self._go_on(handle, connection, self._poll.modify)
        if _clock() >= self._soonest:
            self._expire()
        return bool(events)

    def _begin(self, place: int) -> None:
        ask, now = self._asks[place], _clock()
        began = self._began if place in self._where else now
        connection = self._wires.take(ask.key)
        if connection is None:
            self._connect(place, began)
            return
        connection.begin(place, ask.request, began, began + ask.timeout_s)
        self._enter(connection)

    def _connect(self, place: int, began: float) -> None:
        ask = self._asks[place]
        known = self._where.get(place)
        family, to = known.pop(0) if known else _where(ask)
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self.outcomes[place] = error
            return
        connection = Connection(sock, ask.key)
        connection.begin(place, ask.request, began, began + ask.timeout_s)
        connection.step = functools.partial(connection.connect, to, self._tls)
        self._enter(connection)

    def _enter(self, connection: Connection) -> None:
        handle = connection.sock.fileno()
        self._active[handle] = connection
        self._soonest = min(self._soonest, connection.deadline)
        self._go_on(handle, connection, self._watch)

    def _watch(self, handle: int, events: int) -> None:
        try:
            self._poll.register(handle, events)
        except FileExistsError:  # asked for the second time in this turn
            self._poll.modify(handle, events)

    def _go_on(
        self, handle: int, connection: Connection, watch: Callable[[int, int], None]
    ) -> None:
        try:
            connection.step()
        except (OSError, BadAnswerError, ValueError) as error:
            self._failed(handle, connection, error)
            return
        if connection.complete:
            del self._active[handle]
            self.outcomes[connection.place] = connection.response()
            self._wires.keep(connection)
        else:
            watch(handle, connection.events)

    def _failed(self, handle: int, connection: Connection, error: Exception) -> None:
        del self._active[handle]
        connection.sock.close()
        place = connection.place
        if isinstance(error, TimeoutError):
            self.outcomes[place] = error
        elif connection.is_silent or (self._where.get(place) and isinstance(error, OSError)):
            # A kept connection that was closed meanwhile, as after a restart; or one of several
            # addresses of a name. The deadline stays.
            self._anew.append((place, connection.began))
        else:
            self.outcomes[place] = error

    def _expire(self) -> None:
        now = _clock()
        for handle, connection in list(self._active.items()):
            if connection.deadline <= now:
                self._failed(handle, connection, TimeoutError())
        self._soonest = min((c.deadline for c in self._active.values()), default=float("inf"))


def _where(ask: Ask) -> _Where:
    """Of a host that is a number."""
    _, host, port = ask.key
    return (socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port))


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
