"""The door: the one thing of a node that admits clients.

Whom it serves is ordered by the agent, and it is believed only when the door has confirmed it.
Every order carries the point in time (see ``clock``) at which the door must stop by itself unless a
later order arrives: so a frozen agent cannot leave a door open that nobody watches.

The door's service speaks JSON, a line each, over its standard input and output:

* at start it says ``{"ready": true}`` and serves nobody;
* ordered ``{"order": 7, "serve": ["imp1"], "until": 1234.5}`` (``until`` may be null) it first
  closes the sessions of homes it serves no longer, then answers ``{"order": 7, "serving": ["imp1"],
  "sessions": 12}``;
* ``{"serving": [], "sessions": 0}`` when the time has run out, ``{"sessions": 13}`` now and then;
* asked ``{"list": 3, "after": "ann"}`` who is logged in, it answers ``{"listed": 3, "users":
  ["bob", "eve"], "more": true, "revision": 17}``: some that follow ``ann``, no more than a short
  line has room for. The revision rises with each session that begins or ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Protocol

log = logging.getLogger(__name__)

OBEY_S = 2.0
"""A door that has not confirmed an order after this is taken for one that does not obey."""
UNREAD_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Listed:
    """Some of those who are logged in, sorted; a user stands there once for each session."""

    users: tuple[str, ...] = ()
    more: bool = False
    revision: int = 0


class Door(Protocol):
    """What the goal follower needs of a door."""

    serving: frozenset[str]
    """Home nodes whose users are admitted, as confirmed."""
    possible: frozenset[str]
    """The same and those of orders not confirmed: nobody else can be admitted."""
    sessions: int

    async def order(self, homes: frozenset[str], until: float | None) -> bool:
        """True when the door has confirmed exactly this."""

    async def logged_in(self, after: str) -> Listed | None:
        """The next of those who are logged in; None when the door does not tell."""


class NullDoor:
    """For a node without a service that admits clients: what is ordered is so."""

    def __init__(self) -> None:
        self.serving: frozenset[str] = frozenset()
        self.possible: frozenset[str] = frozenset()
        self.sessions = 0

    async def order(self, homes: frozenset[str], until: float | None) -> bool:  # noqa: ARG002
        self.serving = self.possible = homes
        return True

    async def logged_in(self, after: str) -> Listed | None:  # noqa: ARG002
        return Listed()


class ProcessDoor:
    """A service that is spoken to over its pipes; while it does not run, nobody is served."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.serving: frozenset[str] = frozenset()
        self.possible: frozenset[str] = frozenset()
        self.sessions = 0
        self._changed = changed
        self._ready = asyncio.Event()
        self._number = self._lists = 0
        self._waiting: dict[int, asyncio.Future[frozenset[str]]] = {}
        self._listing: dict[int, asyncio.Future[Listed | None]] = {}
        self._to: asyncio.WriteTransport | None = None
        self._from: asyncio.ReadTransport | None = None
        self._reading: asyncio.Task[None] | None = None

    async def attach(self, pipes: tuple[IO[bytes], IO[bytes]]) -> None:
        """Returns when the service has said that it is ready."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        self._from, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipes[1]
        )
        self._to, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, pipes[0])
        self._reading = loop.create_task(self._read(reader))
        await self._ready.wait()

    def lost(self) -> None:
        """The service ended: its sockets are closed by the kernel."""
        for transport in (self._to, self._from):
            if transport is not None:
                transport.close()
        if self._reading is not None:
            self._reading.cancel()
        self._to = self._from = self._reading = None
        self._ready.clear()
        self.serving = self.possible = frozenset()
        self.sessions = 0
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(frozenset())
        self._waiting.clear()
        for listing in self._listing.values():
            if not listing.done():
                listing.set_result(None)
        self._listing.clear()
        self._changed()

    async def order(self, homes: frozenset[str], until: float | None) -> bool:
        if self._to is None or not self._ready.is_set():
            return not homes
        self._number += 1
        number = self._number
        answer: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        line = {"order": number, "serve": sorted(homes), "until": until}
        # A door that does not read is not served more lines; it will be found not to obey.
        if self._to.get_write_buffer_size() < UNREAD_LIMIT:
            self.possible |= homes
            self._to.write(json.dumps(line).encode() + b"\n")
        try:
            serving = await asyncio.wait_for(answer, OBEY_S)
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(number, None)
        return serving == homes

    async def logged_in(self, after: str) -> Listed | None:
        if self._to is None or not self._ready.is_set():
            return Listed()  # while it does not run, nobody has a session
        if self._to.get_write_buffer_size() >= UNREAD_LIMIT:
            return None
        self._lists += 1  # apart from the orders: only the latest *order* says who is possible
        number = self._lists
        answer: asyncio.Future[Listed | None] = asyncio.get_running_loop().create_future()
        self._listing[number] = answer
        self._to.write(json.dumps({"list": number, "after": after}).encode() + b"\n")
        try:
            return await asyncio.wait_for(answer, OBEY_S)
        except TimeoutError:
            return None
        finally:
            self._listing.pop(number, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("the door said something that is not understood: %r", error)

    def _take(self, said: dict[str, Any]) -> None:
        if said.get("ready") is True:
            self._ready.set()
        if "serving" in said:
            self.serving = frozenset(str(home) for home in said["serving"])
        if "sessions" in said:
            self.sessions = int(said["sessions"])
        if "listed" in said:
            self._take_list(said)
            return
        answered = self._waiting.pop(said.get("order", -1), None)
        if said.get("order") == self._number:
            self.possible = self.serving
        if answered is not None and not answered.done():
            answered.set_result(self.serving)
        self._changed()

    def _take_list(self, said: dict[str, Any]) -> None:
        users = tuple(str(user) for user in said["users"])
        listed = Listed(users, bool(said["more"]), int(said["revision"]))
        answer = self._listing.pop(said["listed"], None)
        if answer is not None and not answer.done():
            answer.set_result(listed)
