"""What administrators want of single services, kept on disk: it outlives the agent."""

from __future__ import annotations

import logging
from enum import StrEnum

from prg_admin.agent.refusal import Refused
from prg_admin.agent.store import Store
from prg_admin.agent.supervisor import Service, Supervisor

log = logging.getLogger(__name__)


class Action(StrEnum):
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    ACTIVATE = "activate"
    """Mark it as in use, for good, and start it (an Idle node starts it with its Fallback)."""
    DEACTIVATE = "deactivate"
    """Stop it, and have nothing start it, also after a restart of the agent."""


STARTING = frozenset({Action.START, Action.RESTART})


class Wishes:
    def __init__(self, store: Store, supervisor: Supervisor) -> None:
        self._store = store
        self._supervisor = supervisor

    async def note(self, name: str, action: Action, *, is_idle: bool) -> None:
        """Raises :class:`Refused` for what cannot be done with this service now."""
        if name not in self._supervisor:
            raise Refused(404, "unknown-service")
        if action in STARTING and is_idle:
            raise Refused(409, "idle")
        if action in STARTING and not self._supervisor[name].activated:
            raise Refused(409, "not-activated")
        log.info("%s %s", action, name)
        if action in (Action.ACTIVATE, Action.DEACTIVATE):
            activated = action is Action.ACTIVATE
            await self._store.activate(name, activated=activated, wanted=activated and not is_idle)
        else:
            await self._store.want({name: action is not Action.STOP})
        self.take_up()

    def take_up(self) -> None:
        self._supervisor.want(self._store.state.wanted)
        self._supervisor.deactivate(self._store.state.deactivated)


async def carry_out(service: Service, action: Action) -> None:
    """Starting what is not wanted, or runs already, does nothing."""
    if action not in (Action.START, Action.ACTIVATE):
        await service.stop()
    if action not in (Action.STOP, Action.DEACTIVATE):
        await service.start()
