"""The keeper of the door: whom the node is to serve at this moment, and that the door obeys."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from prg_admin.agent import clock
from prg_admin.agent.door import Door
from prg_admin.agent.heartbeats import Heartbeats
from prg_admin.agent.right import Right
from prg_admin.agent.work import ServiceWork
from prg_admin.domain.states import Role, homes_served
from prg_admin.domain.wire import Goal

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Timers stand still while the machine is suspended, so while time matters we look at the clock."""


class DoorKeeper:
    """``disobeyed`` is called when the door has not confirmed that it turned somebody away."""

    def __init__(
        self,
        door: Door,
        *,
        right: Right,
        heartbeats: Heartbeats,
        work: ServiceWork,
        disobeyed: Callable[[], None],
    ) -> None:
        self.door = door
        self._right = right
        self._heartbeats = heartbeats
        self._work = work
        self._disobeyed = disobeyed
        self._goal: Goal | None = None
        self._peer_is_gone = False
        """The silence the goal asks for before the peer's users may be admitted has been seen."""
        self._closing = False
        self._turn = asyncio.Lock()
        self._last_order: tuple[frozenset[str], float | None] = (frozenset(), None)

    def follow(self, goal: Goal) -> None:
        self._goal = goal
        self._peer_is_gone = False

    async def close(self) -> None:
        self._closing = True
        await self.keep()

    def due(self) -> frozenset[str]:
        """Home nodes whose users are to be served now."""
        self._right.check(clock.now())
        goal = self._goal
        if goal is None or self._closing or self._right.fenced:
            return frozenset()
        peer = None if goal.peer is None or self._peer_wait() > 0 else goal.peer.name
        homes = homes_served(goal.role, node=goal.node, peer=peer)
        if goal.role is Role.BOTH and peer is None:
            homes = frozenset({goal.node})
        # While services are being started nobody is admitted in addition.
        return homes & self.door.serving if self._work.pending else homes

    def _peer_wait(self) -> float:
        """Seconds until the peer has been silent for as long as the goal asks; 0 when it has.

        Once seen it stays so for this goal: by then the peer has fenced itself, and it serves again
        only after an order that comes with another goal for us.
        """
        goal, peer = self._goal, self._heartbeats.peer
        if goal is None or goal.role is not Role.BOTH or self._peer_is_gone or peer is None:
            return 0.0
        left = max(0.0, goal.peer_silence_s - peer.silence_s)
        self._peer_is_gone = left == 0
        return left

    async def turn_away(self) -> None:
        """Only the first half of ``keep``: who is not due any more leaves, nobody is admitted."""
        await self._order(self.due() & self.door.serving)

    async def keep(self) -> None:
        """Bring the door to what is due, and its time to what the right allows."""
        await self._order(None)

    async def _order(self, homes: frozenset[str] | None) -> None:
        """None: whatever is due when it is our turn."""
        async with self._turn:
            due = self.due() if homes is None else homes
            order = (due, self._right.until() if due else None)
            if due == self.door.possible == self.door.serving and order == self._last_order:
                return
            self._last_order = order
            confirmed = await self.door.order(*order)
            if not confirmed and self.door.possible - due:
                log.error("the door does not obey")
                self._disobeyed()

    def next_look(self) -> float | None:
        """Seconds after which ``keep`` is to be called even if nothing happens; None for never."""
        until = None if self._right.fenced else self._right.until()
        if until is not None:
            return min(LOOK_S, until - clock.now())
        if self.due() == self.door.serving and self._peer_wait() == 0:
            return None
        return min(LOOK_S, self._peer_wait() or LOOK_S)
