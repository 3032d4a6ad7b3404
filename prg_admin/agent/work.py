"""The slow part of a goal: starting and stopping services, one step at a time.

Each step looks at the newest goal, so a goal that changes halfway is followed from where things
stand. Services are started only for a reason (leaving Idle, the agent's own start), never because
one of them happens to be down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from prg_admin.agent.store import State
from prg_admin.agent.supervisor import Supervisor
from prg_admin.domain.states import Role
from prg_admin.domain.wire import Goal


def with_goal(state: State, goal: Goal, services: tuple[str, ...]) -> State:
    """What to write down before anything is done about the goal."""
    wanted = dict(state.wanted)
    if goal.role is Role.IDLE:
        wanted |= dict.fromkeys(services, False)
    elif leaves_idle(state, goal):
        wanted |= dict.fromkeys(services, True)
    highest = max(state.highest_epoch, goal.epoch)
    return replace(state, goal=goal, highest_epoch=highest, wanted=wanted, serves_when_told=False)


def leaves_idle(state: State, goal: Goal) -> bool:
    was_idle = state.goal is not None and state.goal.role is Role.IDLE
    return was_idle and goal.role is not Role.IDLE


class ServiceWork:
    """Does the work in a task of its own; ``settled`` is called whenever nothing is left."""

    def __init__(self, supervisor: Supervisor, *, settled: Callable[[], None]) -> None:
        self._supervisor = supervisor
        self._settled = settled
        self._wake = asyncio.Event()
        self._idle = False
        self._to_start: list[str] = []
        self._busy = False

    @property
    def pending(self) -> bool:
        return self._busy or bool(self._to_start)

    def follow(self, role: Role, *, start: bool) -> None:
        """``start``: the services that are wanted are to be started, in order."""
        self._idle = role is Role.IDLE
        if self._idle:
            self._to_start = []
        elif start:
            self._to_start = list(self._supervisor.names)
            for name in self._to_start:
                self._supervisor[name].await_start()
        self._wake.set()

    def look_again(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._busy = True
            try:
                while (step := self._next_step()) is not None:
                    await step
            finally:
                self._busy = False
            self._settled()

    def _next_step(self) -> Coroutine[Any, Any, None] | None:
        if self._idle:
            service = self._supervisor.last_not_stopped()
            return None if service is None else service.stop()
        while self._to_start:
            service = self._supervisor[self._to_start.pop(0)]
            if service.wanted and service.activated:
                return service.start()
        return None
