"""A bad long line between addresses of this machine: delay, reordering, duplicates and losses.

The kernel's own emulator (netem) is not to be had everywhere. So packets between two addresses are
led out to a TUN device, and come back in through it after this process has done to them what a line
does. Everything above, TCP and TLS, is the kernel's and the programs' own.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.lab.network import ADDRESSES

DEVICE = "wan0"
TABLE = "50"
TUN, TUNSETIFF = "/dev/net/tun", 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LARGEST_PACKET = 65535
LOOK_S = 0.05


@dataclass(frozen=True)
class Line:
    delay_s: float = 0.1
    """Each way."""
    jitter_s: float = 0.0
    """Up to so much more, drawn for each packet: later ones overtake earlier ones."""
    duplicated: float = 0.0
    lost: float = 0.0
    """Shares of the packets, 0 to 1."""


class Relay(threading.Thread):
    """Takes packets out of the device and puts them back when their time has come."""

    def __init__(self, handle: int, line: Line, *, seed: int) -> None:
        super().__init__(name="wan", daemon=True)
        self._handle = handle
        self._line = line
        self._random = random.Random(seed)
        self._under_way: list[tuple[float, int, bytes]] = []
        self._numbers = count()
        self._over = threading.Event()
        self.carried = 0

    def run(self) -> None:
        while not self._over.is_set():
            if select.select([self._handle], [], [], self._wait())[0]:
                self._take(os.read(self._handle, LARGEST_PACKET))
            while self._under_way and self._under_way[0][0] <= time.monotonic():
                os.write(self._handle, heapq.heappop(self._under_way)[2])
                self.carried += 1

    def _wait(self) -> float:
        if not self._under_way:
            return LOOK_S
        return min(LOOK_S, max(0.0, self._under_way[0][0] - time.monotonic()))

    def _take(self, packet: bytes) -> None:
        dice, line = self._random, self._line
        copies = 2 if dice.random() < line.duplicated else 1
        for _ in range(copies):
            if dice.random() >= line.lost:
                due = time.monotonic() + line.delay_s + dice.uniform(0, line.jitter_s)
                heapq.heappush(self._under_way, (due, next(self._numbers), packet))

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def bad_line(links: Sequence[tuple[str, str]], line: Line, *, seed: int = 1) -> Iterator[Relay]:
    """Leads both directions of each link over the line."""
    handle = _device()
    try:
        _lead(links)
        relay = Relay(handle, line, seed=seed)
        relay.start()
        try:
            yield relay
        finally:
            relay.end()
    finally:
        _straight()
        os.close(handle)


def _device() -> int:
    handle = os.open(TUN, os.O_RDWR)
    fcntl.ioctl(handle, TUNSETIFF, struct.pack("16sH", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    _ip("link", "set", DEVICE, "up")
    # Loopback addresses shall be believed although they come from a wire.
    for name, value in (("route_localnet", "1"), ("accept_local", "1"), ("rp_filter", "0")):
        for device in ("all", DEVICE):
            Path(f"/proc/sys/net/ipv4/conf/{device}/{name}").write_text(value)
    return handle


def _lead(links: Sequence[tuple[str, str]]) -> None:
    _ip("route", "add", "127.0.0.0/8", "dev", DEVICE, "table", TABLE)
    # What is sent here looks at our rule first; what comes out of the device is delivered.
    _ip("rule", "add", "pref", "100", "lookup", "local")
    _ip("rule", "del", "pref", "0", "lookup", "local")
    for a, b in [*links, *((b, a) for a, b in links)]:
        ends = ("from", ADDRESSES[a], "to", ADDRESSES[b])
        _ip("rule", "add", "pref", "10", "iif", "lo", *ends, "lookup", TABLE)


def _straight() -> None:
    """As before; harmless where nothing was led away yet."""
    _ip("rule", "add", "pref", "0", "lookup", "local", check=False)
    _ip("rule", "del", "pref", "100", "lookup", "local", check=False)
    while _ip("rule", "del", "pref", "10", check=False) == 0:
        pass


def _ip(*words: str, check: bool = True) -> int:
    return subprocess.run(["ip", *words], check=check, capture_output=True).returncode
