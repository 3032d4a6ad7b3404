"""What an agent must still know after its own death, in one file of its state folder.

A write is a new file, forced to disk, renamed over the old one, and the folder forced to disk: a
reader sees the old state or the new one, whatever happens in between.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from prg_admin.agent.config import ConfigError
from prg_admin.agent.processes import ProcessId
from prg_admin.domain.wire import Goal, WireError

log = logging.getLogger(__name__)
FORMAT = 1


@dataclass(frozen=True, slots=True)
class State:
    goal: Goal | None = None
    highest_epoch: int = 0
    wanted: Mapping[str, bool] = field(default_factory=dict)
    """By service name; a service that is not named is wanted."""
    deactivated: frozenset[str] = frozenset()
    """Services that somebody deactivated here; nothing starts them."""
    processes: Mapping[str, ProcessId] = field(default_factory=dict)
    """By service name; of a service that ended since, the entry matches no process any more."""
    serves_when_told: bool = False
    """It said goodbye, so its users may have been given away: the next start asks first."""

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "goal": None if self.goal is None else self.goal.to_json(),
            "highest_epoch": self.highest_epoch,
            "wanted": dict(self.wanted),
            "deactivated": sorted(self.deactivated),
            "processes": {n: [p.pid, p.started] for n, p in self.processes.items()},
            "serves_when_told": self.serves_when_told,
        }

    @property
    def serves_unasked(self) -> bool:
        """Without High Availability nobody can have taken over, unless on our own word."""
        return self.goal is not None and not self.goal.ha_enabled and not self.serves_when_told

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises ValueError, KeyError or TypeError when it is not such a state."""
        if data["format"] != FORMAT:
            raise ValueError(f"unknown format {data['format']!r}")
        return cls(
            goal=None if data["goal"] is None else Goal.from_json(data["goal"]),
            highest_epoch=int(data["highest_epoch"]),
            wanted={str(name): bool(wanted) for name, wanted in data["wanted"].items()},
            # A file that was written before services could be deactivated has none.
            deactivated=frozenset(str(name) for name in data.get("deactivated", ())),
            processes={n: ProcessId(int(p), int(s)) for n, (p, s) in data["processes"].items()},
            serves_when_told=bool(data.get("serves_when_told", False)),
        )


class Store:
    """The state file; ``state`` is always what is on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "state.json"
        self.state = State()
        self._turn = asyncio.Lock()

    def load(self) -> None:
        """A file that cannot be understood is put aside: the node then knows nothing."""
        try:
            self.state = State.from_json(json.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError, WireError) as error:
            aside = self.path.with_name(f"state.json.bad-{time.time_ns()}")
            self.path.replace(aside)
            log.error("the state file is damaged (%r), kept as %s; starting anew", error, aside)  # noqa: TRY400

    async def change(self, make: Callable[[State], State]) -> None:
        """Raises OSError when the disk refuses; the state is then as before."""
        # Shielded: a cancelled caller must not leave a thread behind that still writes.
        await asyncio.shield(self._change(make))

    async def _change(self, make: Callable[[State], State]) -> None:
        async with self._turn:
            state = make(self.state)
            # In a thread: a slow disk must not hold up heartbeats and leases.
            await asyncio.to_thread(write_atomically, self.path, json.dumps(state.to_json()))
            self.state = state

    async def record(self, service: str, process: ProcessId) -> None:
        await self.change(
            lambda state: replace(state, processes={**state.processes, service: process})
        )

    async def want(self, services: Mapping[str, bool]) -> None:
        await self.change(lambda state: replace(state, wanted={**state.wanted, **services}))

    async def promise(self, *, serves_when_told: bool) -> None:
        await self.change(lambda state: replace(state, serves_when_told=serves_when_told))

    async def activate(self, service: str, *, activated: bool, wanted: bool) -> None:
        def changed(state: State) -> State:
            others = state.deactivated - {service}
            return replace(
                state,
                wanted={**state.wanted, service: wanted},
                deactivated=others if activated else others | {service},
            )

        await self.change(changed)


def write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def lock_folder(folder: Path) -> int:
    """Keep a second agent out for as long as this process lives; returns the open file.

    Raises :class:`ConfigError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "log").mkdir(exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"The state folder {folder} cannot be used: {error}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise ConfigError(f"Another agent is running with the state folder {folder}.") from error
    return handle
