"""Heartbeats to the peer, and what is known of it from both directions."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from prg_admin.agent import clock
from prg_admin.agent.causes import describe
from prg_admin.domain.timing import REFUSED_S
from prg_admin.domain.wire import (
    REFUSED,
    REFUSING,
    Heartbeat,
    PeerAddress,
    PeerReport,
    Timing,
    WireError,
)

log = logging.getLogger(__name__)

SHORTEST_INTERVAL_S = 0.05
LONGEST_REPROBE_S = 1.0


@dataclass(slots=True)
class Peer:
    """What we know of the peer; begins anew with another peer."""

    address: PeerAddress
    heard_at: float = field(default_factory=clock.now)
    rtt_ms: float | None = None
    error: str = ""
    serving: tuple[str, ...] = ()
    boot_id: str = ""
    """Of the agent that answers at the address; empty until it did."""
    refused_since: float | None = None
    """The first of the attempts that were all refused."""

    @property
    def silence_s(self) -> float:
        return max(0.0, clock.now() - self.heard_at)

    def note_refusal(self, attempt_at: float) -> None:
        """Refused once may be a restart; refused for a while is no agent."""
        if self.error != REFUSED:
            self.refused_since = None
            return
        if self.refused_since is None:
            self.refused_since = attempt_at
        if attempt_at - self.refused_since >= REFUSED_S:
            self.error = REFUSING

    def report(self) -> PeerReport:
        return PeerReport(
            name=self.address.name,
            silence_s=self.silence_s,
            rtt_ms=self.rtt_ms,
            error=self.error,
            serving=self.serving,
        )


class Heartbeats:
    """Greets the peer of the goal once each interval, each greeting within a total deadline.

    ``answered(sent_at, answer)`` is called for each greeting answered, ``changed(error)`` when the
    peer fell silent or is heard again (then with an empty error).
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        tls: ssl.SSLContext,
        *,
        greeting: Callable[[], Heartbeat],
        answered: Callable[[float, Heartbeat], None],
        changed: Callable[[str], None],
    ) -> None:
        self._http = http
        self._tls = tls
        self._greeting = greeting
        self._answered = answered
        self._changed = changed
        self._timing: Timing | None = None
        self._at_once = asyncio.Event()
        self.peer: Peer | None = None

    def follow(self, address: PeerAddress | None, timing: Timing) -> None:
        if address is None:
            self.peer = None
        elif self.peer is None or self.peer.address != address:
            self.peer = Peer(address)
            self._at_once.set()
        if timing != self._timing:
            self._timing = timing
            self._at_once.set()

    def heard(self, heartbeat: Heartbeat) -> bool:
        """The peer greeted us. False: perhaps a second machine with its name, which is not heard.

        The peer is who answers at its address. After its restart it is asked there at once; until
        then its greetings count no more than those of a copy of it.
        """
        peer = self.peer
        if peer is None or peer.address.name != heartbeat.node:
            return False
        if peer.boot_id not in ("", heartbeat.boot_id):
            self.greet_now()
            return False
        peer.heard_at = clock.now()
        peer.serving = heartbeat.serving
        return True

    def greet_now(self) -> None:
        self._at_once.set()

    async def run(self) -> None:
        while True:
            begun = clock.now()
            peer, timing = self.peer, self._timing
            if peer is None or timing is None:
                await self._at_once.wait()
                self._at_once.clear()
                continue
            pause = max(timing.heartbeat_interval, SHORTEST_INTERVAL_S)
            before = peer.error
            await self._greet(peer, timing.connect_timeout)
            peer.note_refusal(begun)
            silent_anew = (before != "") != (peer.error != "")
            if peer is self.peer and (silent_anew or peer.error == REFUSING != before):
                log.info("peer %s: %s", peer.address.name, peer.error or "heard again")
                self._changed(peer.error)
            if (silent_anew and peer.error) or peer.error == REFUSED:
                # Look again soon: one lost packet is not a dead peer, one refusal no dead agent.
                pause = min(pause / 4, LONGEST_REPROBE_S)
            await self._rest(begun + pause - clock.now())

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, SHORTEST_INTERVAL_S)):
                await self._at_once.wait()
        except TimeoutError:
            return
        self._at_once.clear()

    async def _greet(self, peer: Peer, deadline_s: float) -> None:
        sent_at = clock.now()
        try:
            async with asyncio.timeout(deadline_s):
                answer = await self._exchange(peer)
        except (aiohttp.ClientError, OSError, TimeoutError, WireError, ValueError) as error:
            peer.error = describe(error)
            return
        now = clock.now()
        peer.heard_at = now
        peer.rtt_ms = (now - sent_at) * 1000
        peer.error = ""
        peer.serving = answer.serving
        peer.boot_id = answer.boot_id
        if peer is self.peer:
            self._answered(sent_at, answer)

    async def _exchange(self, peer: Peer) -> Heartbeat:
        try:
            return await self._post(peer)
        except aiohttp.ClientConnectorError:
            raise  # a new connection, and nobody took it
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionResetError):
            # A kept connection that the peer closed or reset meanwhile, as after its restart.
            return await self._post(peer)

    async def _post(self, peer: Peer) -> Heartbeat:
        address = peer.address
        async with self._http.post(
            f"https://{_bracketed(address.host)}:{address.port}/srm/v1/heartbeat",
            json=self._greeting().to_json(),
            ssl=self._tls,
            server_hostname=address.name,
            allow_redirects=False,
        ) as response:
            response.raise_for_status()
            answer = Heartbeat.from_json(await response.json())
        if answer.node != address.name:
            raise WireError(f"it calls itself {answer.node}")
        return answer


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
