"""Start processes, keep those up that shall stay up, and end all of them in order.

One event loop in the main thread: SIGCHLD wakes it, so a death is known at once, and every child is
started from the thread that lives as long as the launcher (see ``spawn``).
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from prg_admin.launcher import installation, subreaper
from prg_admin.launcher.config import ROOT
from prg_admin.launcher.output import RefusalError, say
from prg_admin.launcher.spawn import last_words, spawn

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STABLE_SECONDS = 60.0
KILL_SECONDS = 5.0


def _nothing() -> None:
    """Most processes need no preparation."""


@dataclass(frozen=True)
class Spec:
    """One process: how it is started, how it is ended, and in which order."""

    name: str
    command: Callable[[], list[str]]
    rank: int = 0
    """Lower ranks are ended first; those of one rank together."""
    restart: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    """What the process gets when the launcher dies without ending it."""
    env: Mapping[str, str] = field(default_factory=dict)
    user: Callable[[], str | None] = lambda: None
    prepare: Callable[[], None] = _nothing


@dataclass
class Child:
    spec: Spec
    process: subprocess.Popen[bytes] | None = None
    wanted: bool = True
    restarts: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    keeper: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.returncode is None


class Supervisor:
    def __init__(self, *, log: Path, table: Path) -> None:
        self._log = log
        self._table = table
        self.children: dict[str, Child] = {}
        self.in_a_hurry = False

    def watch(self) -> None:
        """Learn of every death from now on, also of those below our children."""
        subreaper.adopt()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._look)

    def start(self, spec: Spec) -> Child:
        child = self.children[spec.name] = Child(spec)
        self._launch(child)
        child.keeper = asyncio.create_task(self._keep(child), name=spec.name)
        return child

    async def run_once(self, spec: Spec) -> str:
        """Run a command to its end; returns the last line of what it said."""
        log = self.log_of(spec.name)
        log.unlink(missing_ok=True)
        child = self.start(spec)
        await child.ended.wait()
        del self.children[spec.name]
        if child.process is None or child.process.returncode != 0:
            raise RefusalError(f"{spec.name} failed: {last_words(log)} (see {log})")
        return last_words(log, 1)

    async def wait_for(self, child: Child, answers: Callable[[], bool], seconds: float) -> None:
        """Wait until a process does its work; it may not die meanwhile."""
        deadline = time.monotonic() + seconds
        log = self.log_of(child.spec.name)
        while not await asyncio.to_thread(answers):
            if not child.is_up or time.monotonic() > deadline:
                raise RefusalError(
                    f"{child.spec.name} did not start: {last_words(log)} (see {log})"
                )
            await asyncio.sleep(0.05)

    async def stop(self, child: Child) -> None:
        """End one process; after its time it is killed."""
        child.wanted = False
        if child.is_up and child.process is not None:
            how = signal.SIGKILL if self.in_a_hurry else child.spec.stop_signal
            child.process.send_signal(how)
            await self._wait_or_kill(child, child.process)
        if child.keeper is not None:
            child.keeper.cancel()
            await asyncio.wait([child.keeper])

    async def stop_all(self) -> None:
        def rank(child: Child) -> int:
            return child.spec.rank

        for _, group in groupby(sorted(self.children.values(), key=rank), key=rank):
            await asyncio.gather(*(self.stop(child) for child in group))
        subreaper.end_all()
        self._table.unlink(missing_ok=True)

    def kill_all(self) -> None:
        """Somebody asked a second time."""
        self.in_a_hurry = True
        for child in self.children.values():
            if child.is_up and child.process is not None:
                child.process.kill()

    def log_of(self, name: str) -> Path:
        return self._log / f"{name}.log"

    def _launch(self, child: Child) -> None:
        spec = child.spec
        spec.prepare()
        child.ended.clear()
        child.process = spawn(
            spec.command(),
            log=self.log_of(spec.name),
            death_signal=spec.death_signal,
            env=spec.env or None,
            user=spec.user(),
            cwd=ROOT,
        )
        self._write_table()

    async def _keep(self, child: Child) -> None:
        quick = 0
        while True:
            started = time.monotonic()
            await child.ended.wait()
            if not (child.wanted and child.spec.restart) or child.process is None:
                return
            quick = 0 if time.monotonic() - started > STABLE_SECONDS else quick + 1
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** max(0, quick - 1))
            how = ending(child.process.returncode)
            say(f"{child.spec.name} ended ({how}); starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            child.restarts += 1
            try:
                self._launch(child)
            except (RefusalError, OSError) as error:
                say(f"{child.spec.name} cannot be started: {error}")
            else:
                say(f"{child.spec.name} runs again")

    async def _wait_or_kill(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        try:
            async with asyncio.timeout(child.spec.stop_seconds):
                await child.ended.wait()
        except TimeoutError:
            say(f"{child.spec.name} does not end within {child.spec.stop_seconds:g} s; killing it")
            process.kill()
            await child.ended.wait()

    def _look(self) -> None:
        known = set()
        for child in self.children.values():
            if child.process is None or child.ended.is_set():
                continue
            known.add(child.process.pid)
            if child.process.poll() is not None:
                child.ended.set()
                self._note_end(child)
        subreaper.bury(known)

    def _note_end(self, child: Child) -> None:
        self._write_table()
        if child.wanted and not child.spec.restart and child.process and child.process.returncode:
            name, how = child.spec.name, ending(child.process.returncode)
            say(f"{name} ended ({how}); again with: python -m prg_admin.launcher start {name}")

    def _write_table(self) -> None:
        up = {c.spec.name: c.process.pid for c in self.children.values() if c.is_up and c.process}
        installation.write_json(self._table, up)


def ending(code: int) -> str:
    """How a process ended, in words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
