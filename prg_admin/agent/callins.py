"""Call-ins: short notes to the engine that something happened.

They are hints; the engine looks for itself. A note that matters is repeated until the engine took
it, notes of one kind are one note, and an engine that is away holds up nothing here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from enum import Enum

import aiohttp

from prg_admin.agent import clock
from prg_admin.agent.causes import describe
from prg_admin.domain.wire import CallIn, CallInKind

log = logging.getLogger(__name__)

TIMEOUT_S = 3.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
REPEATED = frozenset({CallInKind.STARTED, CallInKind.SERVICE, CallInKind.DATABASE, CallInKind.GOAL})
RENEWED = 200
"""The answer to ``alive`` that renews our right to serve; to any other kind nothing does."""
GIVEN_AWAY = 409


class Fate(Enum):
    """What became of one attempt."""

    TAKEN = "the engine took it"
    UNKNOWN = "it may have been heard"
    UNSENT = "there was nobody to send it to"


class CallIns:
    """``noted(sent_at)`` is called when the engine has noted that the node was alive then."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        url: str,
        key: str,
        node: str,
        boot_id: str,
        noted: Callable[[float], None],
    ) -> None:
        self._http = http
        self._url = f"{url}/srm/v1/call-in"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._node = node
        self._boot_id = boot_id
        self._noted = noted
        self._notes: dict[CallInKind, str] = {}
        self._senders: dict[CallInKind, asyncio.Task[None]] = {}
        self._silent = False

    def send(self, kind: CallInKind, detail: str = "") -> None:
        """Send in the background; a note of the same kind that still waits is replaced."""
        self._notes[kind] = detail
        if kind not in self._senders:
            self._senders[kind] = asyncio.get_running_loop().create_task(self._send(kind))

    async def _send(self, kind: CallInKind) -> None:
        pause = FIRST_PAUSE_S
        while kind in self._notes:
            detail = self._notes.pop(kind)
            if await self.ask(kind, detail) or kind not in REPEATED:
                pause = FIRST_PAUSE_S
                continue
            self._notes.setdefault(kind, detail)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        # Without an await since the last look: no note can come in between and be left lying.
        del self._senders[kind]

    async def ask(self, kind: CallInKind, detail: str = "", timeout_s: float = TIMEOUT_S) -> bool:
        """One attempt; True when the engine took it."""
        return await self._attempt(kind, detail, timeout_s) is Fate.TAKEN

    async def _attempt(
        self, kind: CallInKind, detail: str = "", timeout_s: float = TIMEOUT_S
    ) -> Fate:
        note = CallIn(node=self._node, boot_id=self._boot_id, kind=kind, detail=detail)
        sent_at, fate = clock.now(), Fate.UNKNOWN
        try:
            async with self._http.post(
                self._url,
                json=note.to_json(),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                allow_redirects=False,
            ) as response:
                status = response.status
                taken = response.ok or status == GIVEN_AWAY
                problem = "" if taken else f"it answered {status}"
                fate = Fate.TAKEN if taken else Fate.UNKNOWN
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            problem, status = describe(error), 0
            if isinstance(error, aiohttp.ClientConnectorError):
                fate = Fate.UNSENT
        self._note_problem(problem)
        if status == RENEWED and kind is CallInKind.ALIVE:
            self._noted(sent_at)
        return fate

    def _note_problem(self, problem: str) -> None:
        """Log the first failure and the first success after it, not each."""
        if problem and not self._silent:
            log.warning("the engine does not take call-ins: %s", problem)
        if not problem and self._silent:
            log.info("the engine takes call-ins again")
        self._silent = bool(problem)

    async def goodbye(self, timeout_s: float) -> bool:
        """The last note, repeated within the time given. False: surely nobody has heard it."""
        fates: list[Fate] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while Fate.TAKEN not in fates:
                    if fates:
                        await asyncio.sleep(FIRST_PAUSE_S)
                    fates.append(Fate.UNKNOWN)  # of one that is broken off
                    fates[-1] = await self._attempt(CallInKind.GOODBYE)
        return set(fates) != {Fate.UNSENT}

    async def close(self) -> None:
        """Drop what still waits."""
        senders = list(self._senders.values())
        for task in senders:
            task.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
