"""The follower of the goal: what the node does about what the engine wants.

The order of things is what keeps a user from being served twice:

1. a goal is on disk before anything is done about it;
2. who is no longer to be served is turned away, and the door has confirmed it;
3. services are stopped and started;
4. only then are more users admitted, and only while the right to serve holds (see ``right``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import ssl
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp

from prg_admin.agent import clock
from prg_admin.agent.callins import CallIns
from prg_admin.agent.config import Config
from prg_admin.agent.database import Database
from prg_admin.agent.door import Door
from prg_admin.agent.heartbeats import Heartbeats
from prg_admin.agent.keeper import LOOK_S, DoorKeeper
from prg_admin.agent.links import Links
from prg_admin.agent.orders import Orders
from prg_admin.agent.refusal import Refused
from prg_admin.agent.right import Right
from prg_admin.agent.roll import Roll
from prg_admin.agent.store import Store
from prg_admin.agent.supervisor import Supervisor
from prg_admin.agent.wishes import Action, Wishes, carry_out
from prg_admin.agent.work import ServiceWork, leaves_idle, with_goal
from prg_admin.domain.checkups import Checkup
from prg_admin.domain.states import Role, ServiceState
from prg_admin.domain.wire import CallInKind, Goal, Heartbeat, Order, Report

log = logging.getLogger(__name__)

BE_HEARD_S = 0.5
"""How long the answer to a goal may wait for somebody to hear us."""
GOODBYE_S = 2.0
DATABASE_LOOK_S = 0.5
"""How long a report may wait for another look at a database that did not answer."""


class Node:
    """Everything the agent knows and does, behind what its server offers."""

    def __init__(
        self,
        config: Config,
        *,
        boot_id: str,
        store: Store,
        supervisor: Supervisor,
        door: Door,
        http: aiohttp.ClientSession,
        tls: ssl.SSLContext,
        key: str,
    ) -> None:
        self._config = config
        self._boot_id = boot_id
        self._store = store
        self._supervisor = supervisor
        self._door = door
        self._look = asyncio.Event()
        self._right = Right()
        self._orders = Orders(node=config.name, boot_id=boot_id, store=store, right=self._right)
        self._wishes = Wishes(store, supervisor)
        self._work = ServiceWork(supervisor, settled=self._look.set)
        self._callins = CallIns(
            http,
            url=config.engine_url,
            key=key,
            node=config.name,
            boot_id=boot_id,
            noted=self._on_heard,
        )
        self._heartbeats = Heartbeats(
            http, tls, greeting=self.greeting, answered=self._on_greeted, changed=self._on_peer
        )
        self.links = Links(http, tls)
        self.roll = Roll(door, node=config.name, boot_id=boot_id)
        self._keeper = DoorKeeper(
            door,
            right=self._right,
            heartbeats=self._heartbeats,
            work=self._work,
            disobeyed=self._end_door,
        )
        self._database: Database | None = None
        if config.database is not None:
            self._database = Database(config.database, node=config.name, changed=self._on_database)
        self._began = clock.now()
        self._seq = 0
        self._followed = False
        """The stored goal is followed: it was put since the start, or cannot be outdated."""
        self._closing = False
        self._turn = asyncio.Lock()
        self._ask = asyncio.Event()
        self._heard = asyncio.Event()
        self._told: object = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def _goal(self) -> Goal | None:
        return self._store.state.goal

    @property
    def _role(self) -> Role:
        return Role.STANDBY if self._goal is None else self._goal.role

    # What others ask

    def report(self) -> Report:
        self._right.check(clock.now())
        self._seq += 1
        state, goal, peer = self._store.state, self._goal, self._heartbeats.peer
        return Report(
            node=self._config.name,
            version=self._config.version,
            boot_id=self._boot_id,
            seq=self._seq,
            order_seq=self._orders.seq,
            up_s=clock.now() - self._began,
            highest_epoch=state.highest_epoch,
            goal_epoch=0 if goal is None else goal.epoch,
            goal_digest=goal.digest if goal is not None and self._followed else "",
            role=self._role,
            serving=tuple(sorted(self._door.serving)),
            sessions=self._door.sessions,
            fenced=self._right.fenced,
            fences=self._right.fences,
            isolation_limit_s=goal.timing.isolation_limit if goal and goal.fence else 0.0,
            serves_unasked=state.serves_unasked,
            services=self._supervisor.reports(),
            peer=None if peer is None else peer.report(),
            database=self._database.report() if self._database else None,
        )

    def checkup(self) -> Checkup:
        return Checkup(
            node=self._config.name,
            boot_id=self._boot_id,
            clock=time.time(),
            free_bytes=shutil.disk_usage(self._config.state_dir).free,
        )

    async def look_at_database(self) -> None:
        if self._database is not None:
            await self._database.freshen(DATABASE_LOOK_S)

    def greeting(self) -> Heartbeat:
        return Heartbeat(
            node=self._config.name,
            boot_id=self._boot_id,
            highest_epoch=self._store.state.highest_epoch,
            role=self._role,
            serving=tuple(sorted(self._door.serving)),
        )

    def hear(self, heartbeat: Heartbeat) -> Heartbeat:
        """A peer's greeting. Raises :class:`Refused` for anybody but the peer of the goal."""
        peer = self._heartbeats.peer
        if peer is None or peer.address.name != heartbeat.node:
            raise Refused(403, "not-my-peer")
        if not self._heartbeats.heard(heartbeat):
            # An answer would renew its right to serve, while we count it as silent.
            raise Refused(409, "unknown-boot")
        return self.greeting()

    async def accept(self, order: Order) -> Report:
        """Raises :class:`Refused`, and OSError when the goal cannot be written down."""
        goal = order.goal
        async with self._turn:
            if self._closing:
                raise Refused(503, "shutting-down")
            self._orders.check(order)
            start = leaves_idle(self._store.state, goal)
            names = self._supervisor.names
            await self._store.change(lambda state: with_goal(state, goal, names))
            self._orders.seq = order.seq
            self._orders.check_fresh(order)  # the disk may have been slow
            log.info("goal: %s, epoch %d, group %r", goal.role, goal.epoch, goal.group)
            await self._follow(goal, start=start)
            self._told = self._situation()
        return self.report()

    async def _follow(self, goal: Goal, *, start: bool) -> None:
        self._followed = True
        self._right.follow(goal, clock.now())
        self._heartbeats.follow(goal.peer, goal.timing)
        self._follow_database(goal)
        self._keeper.follow(goal)
        await self._keeper.turn_away()
        self._wishes.take_up()
        self._work.follow(goal.role, start=start)
        if self._right.fenced:
            await self._be_heard()
        await self._keeper.keep()
        self._look.set()
        self._ask.set()

    def _follow_database(self, goal: Goal) -> None:
        if self._database is not None:
            self._database.follow(goal.timing.heartbeat_interval)

    async def _be_heard(self) -> None:
        self._heard.clear()
        self._heartbeats.greet_now()
        self._ask.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BE_HEARD_S):
                await self._heard.wait()

    async def control(self, name: str, action: Action) -> Report:
        """Administrator's wish for one service; carried out in the background."""
        async with self._turn:
            if self._closing:
                raise Refused(503, "shutting-down")
            await self._wishes.note(name, action, is_idle=self._role is Role.IDLE)
        self._spawn(carry_out(self._supervisor[name], action))
        return self.report()

    # What happens here

    def begin(self) -> None:
        """After the start: take up the services; serve only what nobody can have taken over."""
        goal = self._goal
        if goal is not None:
            self._heartbeats.follow(goal.peer, goal.timing)
            self._follow_database(goal)
            if self._store.state.serves_unasked and not goal.fence:
                self._followed = True
                self._right.assume(goal)
                self._keeper.follow(goal)
        self._wishes.take_up()
        self._work.follow(self._role, start=True)
        self._callins.send(CallInKind.STARTED)

    def service_changed(self, name: str) -> None:
        service = self._supervisor[name]
        if service.state in (ServiceState.STARTED, ServiceState.STOPPED):
            self._callins.send(CallInKind.SERVICE, f"{name}: {service.state}")
        self._work.look_again()
        self._look.set()

    def door_changed(self) -> None:
        self._look.set()

    def _on_greeted(self, sent_at: float, answer: Heartbeat) -> None:
        # A peer that has taken over confirms nothing.
        if answer.role is not Role.BOTH and self._config.name not in answer.serving:
            self._on_heard(sent_at)

    def _on_heard(self, sent_at: float) -> None:
        """Somebody whose word counts surely heard us at ``sent_at``."""
        self._right.renew(sent_at, clock.now())
        if not self._right.fenced:
            self._heard.set()
        self._look.set()
        self._ask.set()

    def _end_door(self) -> None:
        """A door that may still serve somebody it should not is ended with its process."""
        if self._config.door_service is not None:
            service = self._supervisor[self._config.door_service]
            service.kill("ended because it did not stop serving when told to")

    def _on_peer(self, error: str) -> None:
        self._callins.send(CallInKind.PEER, error or "heard again")

    def _on_database(self, what: str) -> None:
        self._callins.send(CallInKind.DATABASE, what)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The tasks

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._work.run())
            tasks.create_task(self._heartbeats.run())
            tasks.create_task(self._watch_door())
            tasks.create_task(self._ask_engine())
            if self._database is not None:
                tasks.create_task(self._database.run())

    async def _watch_door(self) -> None:
        """Keep the door at what is due, and withdraw when the right runs out."""
        was_isolated = False
        while True:
            await self._keeper.keep()
            if self._right.isolated and not was_isolated:
                log.error("nobody has heard this node for too long: it serves nobody")
            was_isolated = self._right.isolated
            self._tell()
            await _rest(self._look, self._keeper.next_look())

    async def _ask_engine(self) -> None:
        """Ask the engine to note that we live, when no heartbeat renews our right."""
        while True:
            wait = self._right.next_ask(clock.now())
            if wait == 0:
                self._right.asked(clock.now())
                self._spawn(self._ask_once())
            else:
                await _rest(self._ask, wait if wait is None else min(wait, LOOK_S))

    async def _ask_once(self) -> None:
        await self._callins.ask(CallInKind.ALIVE)

    def _situation(self) -> object:
        return (self._work.pending, self._door.serving, self._right.fenced)

    def _tell(self) -> None:
        """Call in when things stand otherwise than the engine was told last."""
        situation = self._situation()
        if situation != self._told and not self._work.pending:
            self._told = situation
            serving = ", ".join(sorted(self._door.serving)) or "nobody"
            self._callins.send(CallInKind.GOAL, f"{self._role}, serving {serving}")

    # The end

    async def withdraw(self) -> None:
        async with self._turn:
            self._closing = True
        await self._keeper.close()

    async def stop_services(self) -> None:
        self._supervisor.want(dict.fromkeys(self._supervisor.names, False))
        await self._supervisor.stop_all()

    async def goodbye(self) -> None:
        """Only when it is true: the engine gives our users away on this word alone.

        It has to stay true as well. Without High Availability the next start would serve at once,
        unasked: with a peer that may be told to take over we promise ourselves, on disk, not to.
        The promise falls when the word has surely reached nobody, or with the next order.
        """
        for task in self._tasks:
            task.cancel()
        await self._callins.close()
        if self._supervisor.last_not_stopped() is not None or self._door.possible:
            return
        unasked, goal = self._store.state.serves_unasked, self._goal
        if unasked and (goal is None or goal.peer is None or not await self._promise(keep=True)):
            return
        if not await self._callins.goodbye(GOODBYE_S) and unasked:
            await self._promise(keep=False)

    async def _promise(self, *, keep: bool) -> bool:
        """Whether it is written down."""
        try:
            await self._store.promise(serves_when_told=keep)
        except OSError as error:
            log.error("whether the next start asks first cannot be written down: %s", error)  # noqa: TRY400
            return False
        return True


async def _rest(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for the event, but no longer than ``seconds``."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
            await event.wait()
    event.clear()
