"""The nodes' doors as clients find them, and a watch over both doors of a pair (invariant I01)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Self

CLIENTS = ("127.0.0.100", 0)
"""Clients come from an address of their own: where a network is broken, it is not theirs."""
BIND_ADDRESS_NO_PORT = 24
"""Of Linux: the port is chosen at the connection, so ports that still close are no hindrance."""
LOGIN_SECONDS = 1.0
PAUSE_SECONDS = 0.02


def log_in(door: tuple[str, int], user: str, home: str) -> socket.socket | None:
    """The session of a client that was admitted, or None."""
    link = socket.socket()
    link.settimeout(LOGIN_SECONDS)
    link.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
    try:
        link.bind(CLIENTS)
        link.connect(door)
        link.sendall(f"LOGIN {user} {home}\n".encode())
        if link.recv(16) == b"OK\n":
            # From here on nothing about it may wait: not even a look whether it is still open.
            link.setblocking(False)
            return link
    except OSError:
        pass  # nobody there, or nobody answers: the same as not being served
    link.close()
    return None


def admits(door: tuple[str, int], home: str) -> bool:
    session = log_in(door, f"visitor-of-{home}", home)
    if session is None:
        return False
    session.close()
    return True


def is_open(session: socket.socket) -> bool:
    """Whether the other side has kept the session; asks the kernel alone."""
    try:
        return session.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class DoorWatch:
    """Keeps one session of each home at every door that admits it, and logs in anew all the time.

    A node closes the sessions of a home before it says that it serves it no longer. So a session
    that is still open at one node at the moment the other node admits the same home means that both
    served it at that moment. Sampling both doors one after the other could not tell that from a
    move in between.
    """

    def __init__(self, doors: Mapping[str, tuple[str, int]]) -> None:
        self._doors = dict(doors)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._watch, args=[home]) for home in doors]
        self.admitted: Counter[tuple[str, str]] = Counter()
        """How often each node admitted a user of each home, by node and home."""
        self.served_twice: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        assert not self.served_twice, self.served_twice

    def _watch(self, home: str) -> None:
        kept: dict[str, socket.socket] = {}
        with contextlib.ExitStack() as stack:
            stack.callback(lambda: [session.close() for session in kept.values()])
            while not self._over.wait(PAUSE_SECONDS):
                for node in self._doors:
                    self._try_door(node, home, kept)

    def _try_door(self, node: str, home: str, kept: dict[str, socket.socket]) -> None:
        session = log_in(self._doors[node], f"watch-{home}", home)
        if session is None:
            return
        self.admitted[node, home] += 1
        # First what the others still hold, then our own: the order makes it one moment.
        others = [n for n, held in kept.items() if n != node and is_open(held)]
        if others and is_open(session):
            moment = time.strftime("%H:%M:%S")
            self.served_twice.append(f"{moment} {home} at {node} and {others}")
        if node in kept:
            kept[node].close()
        kept[node] = session
