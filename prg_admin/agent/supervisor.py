"""The services of a node: started in order, stopped in reverse order, watched one by one.

A service that ends by itself is reported at once and **not** started again: that is for the
administrator or for Recover, since a failover may hang on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

from prg_admin.agent import clock
from prg_admin.agent.config import ServiceConfig
from prg_admin.agent.door import ProcessDoor
from prg_admin.agent.drivers import Driver, DriverError, describe_exit
from prg_admin.agent.processes import ProcessId
from prg_admin.domain.states import ServiceState
from prg_admin.domain.wire import ServiceReport

log = logging.getLogger(__name__)

KILL_S = 5.0
"""How long a killed process may take to vanish before we go on without it."""


class Service:
    """One service. Operations wait for one another; a stop ends a start that is under way."""

    def __init__(
        self,
        config: ServiceConfig,
        driver: Driver,
        *,
        door: ProcessDoor | None,
        changed: Callable[[str], None],
        record: Callable[[str, ProcessId], Awaitable[None]],
    ) -> None:
        self.name = config.name
        self.state = ServiceState.STOPPED
        self.wanted = True
        self.activated = True
        self.error = ""
        self._config = config
        self._driver = driver
        self._door = door
        self._changed = changed
        self._record = record
        self._turn = asyncio.Lock()
        self._give_up = asyncio.Event()
        self._exited: asyncio.Future[int] | None = None
        self._killed_for = ""
        self._up_since = 0.0
        self._down_since = clock.now()

    def report(self) -> ServiceReport:
        now = clock.now()
        runs = self.state in (ServiceState.STARTED, ServiceState.STOPPING)
        process = self._driver.process
        return ServiceReport(
            name=self.name,
            state=self.state,
            pid=None if process is None else process.pid,
            up_s=now - self._up_since if runs else None,
            # A start that is not confirmed yet does not end the time it was down.
            down_s=None if runs else now - self._down_since,
            wanted=self.wanted and self.activated,
            error=self.error,
            activated=self.activated,
        )

    async def start(self) -> None:
        async with self._turn:
            # Asked inside the turn: a stop may have overtaken this start.
            if not (self.wanted and self.activated) or self._driver.process is not None:
                return
            self._give_up.clear()
            self.error = ""
            self._enter(ServiceState.STARTING)
            try:
                await self._launch()
            except (DriverError, OSError) as error:
                self.error = str(error)
                await self._end(polite=False)
                log.error("%s did not start: %s", self.name, self.error)  # noqa: TRY400
                self._enter(ServiceState.STOPPED)

    async def _launch(self) -> None:
        self._exited = self._driver.start()
        self._exited.add_done_callback(self._on_exit)
        await self._write_down()
        confirmed = asyncio.ensure_future(self._confirmation())
        given_up = asyncio.ensure_future(self._give_up.wait())
        try:
            await asyncio.wait(
                (self._exited, confirmed, given_up),
                timeout=self._config.start_timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            given_up.cancel()
            confirmed.cancel()
        if self._exited.done():
            raise DriverError(f"{describe_exit(self._exited.result())} while starting")
        if given_up.done() and not given_up.cancelled():
            raise DriverError("the start was given up for a stop")
        if not confirmed.done() or confirmed.cancelled():
            raise DriverError(f"was not ready within {self._config.start_timeout_s:g} s")
        confirmed.result()
        self._up_since = clock.now()
        log.info("%s started", self.name)
        self._enter(ServiceState.STARTED)

    async def _write_down(self) -> None:
        """A full disk must not keep a service from running: a successor finds it by its mark."""
        if self._driver.process is not None:
            try:
                await self._record(self.name, self._driver.process)
            except OSError:
                log.exception("the process of %s cannot be noted on disk", self.name)

    async def _confirmation(self) -> None:
        if self._door is not None:
            await self._door.attach(self._driver.pipes)
        else:
            await asyncio.sleep(self._config.settle_s)

    async def stop(self) -> None:
        self._give_up.set()
        async with self._turn:
            self._give_up.clear()
            if self._driver.process is None:
                return
            self._enter(ServiceState.STOPPING)
            self.error = ""
            await self._end(polite=True)
            if self._driver.process is None:
                log.info("%s stopped", self.name)
                self._enter(ServiceState.STOPPED)
            else:
                self.error = f"process {self._driver.process.pid} cannot be ended"
                log.error("%s: %s", self.name, self.error)

    def await_start(self) -> None:
        """It is to be started in its turn: what it ended by is past."""
        if self._driver.process is None:
            self.error = ""

    def kill(self, why: str) -> None:
        if self._driver.process is not None:
            self._killed_for = why
            self._driver.kill()

    async def _end(self, *, polite: bool) -> None:
        if polite:
            self._driver.stop()
            await self._wait_for_exit(self._config.stop_timeout_s)
        if self._driver.process is not None:
            self._driver.kill()
            await self._wait_for_exit(KILL_S)

    async def _wait_for_exit(self, timeout_s: float) -> None:
        if self._exited is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._exited), timeout_s)

    def _on_exit(self, exited: asyncio.Future[int]) -> None:
        if self._door is not None:
            self._door.lost()
        if self.state is ServiceState.STARTING:
            return  # ``start`` says what happened, and the time it was down goes on
        self._down_since = clock.now()
        if self.state is ServiceState.STARTED:
            self.error = self._killed_for or describe_exit(exited.result())
            self._killed_for = ""
            log.warning("%s %s", self.name, self.error)
        self._enter(ServiceState.STOPPED)

    def _enter(self, state: ServiceState) -> None:
        if state is not self.state:
            self.state = state
            self._changed(self.name)


class Supervisor:
    """All services of the node, in start order."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = dict(services)
        self.names = tuple(services)

    def __getitem__(self, name: str) -> Service:
        return self._services[name]

    def __contains__(self, name: object) -> bool:
        return name in self._services

    def want(self, wanted: Mapping[str, bool]) -> None:
        for name, service in self._services.items():
            service.wanted = wanted.get(name, service.wanted)

    def deactivate(self, names: Collection[str]) -> None:
        """These and no others: nothing starts them; who runs is stopped by the caller."""
        for name, service in self._services.items():
            service.activated = name not in names

    def reports(self) -> tuple[ServiceReport, ...]:
        return tuple(service.report() for service in self._services.values())

    @property
    def all_started(self) -> bool:
        return all(s.state is ServiceState.STARTED for s in self._services.values())

    def last_not_stopped(self) -> Service | None:
        """The one to stop next: stopping goes against the start order."""
        for service in reversed(self._services.values()):
            if service.state is not ServiceState.STOPPED:
                return service
        return None

    async def stop_all(self) -> None:
        for service in reversed(self._services.values()):
            await service.stop()

    def kill_all(self) -> None:
        for service in self._services.values():
            service.kill("the agent was told to end at once")
