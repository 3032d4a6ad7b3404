"""A connection to a PostgreSQL that may be away, hang, or come back at any time.

Opened when it is needed, given up at the first trouble. A query is never cancelled: psycopg would
then wait for the server, and it is the server that may not answer. Its socket is shut instead,
which ends the query at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import sql

T = TypeVar("T")

CONNECT_S = 2.0
# What a row looks like as text must not depend on how either server is set up.
SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lock_timeout": "1s",
}


class NoAnswerError(Exception):
    """The database does not answer; says why."""


class Link:
    def __init__(self, url_file: Path, *, name: str, statement_s: float) -> None:
        self._url_file = url_file
        self._name = name
        self._session = {**SESSION, "statement_timeout": f"{statement_s * 1000:.0f}ms"}
        self._link: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._connecting: asyncio.Timeout | None = None

    async def rows(
        self, query: LiteralString | sql.Composed, *values: object
    ) -> list[tuple[Any, ...]]:
        """Raises :class:`NoAnswerError`, and ``psycopg.Error`` for what the database refuses."""
        try:
            if self._link is None:
                self._link = await self._open()
            cursor = await self._link.execute(query, values or None)
            return await cursor.fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError, OSError) as error:
            await self.close()
            raise NoAnswerError(str(error)) from error

    async def _open(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        # Read anew each time: its password may have been changed meanwhile.
        url = self._url_file.read_text(encoding="utf-8").strip()
        options = " ".join(f"-c {key}={value}" for key, value in self._session.items())
        try:
            async with asyncio.timeout(CONNECT_S) as self._connecting:
                return await psycopg.AsyncConnection.connect(
                    url, autocommit=True, application_name=self._name, options=options
                )
        except TimeoutError as error:
            raise NoAnswerError("timeout") from error
        finally:
            self._connecting = None

    def cut(self) -> None:
        """End what is under way, now."""
        if self._connecting is not None:
            self._connecting.reschedule(asyncio.get_running_loop().time())
        if self._link is not None and not self._link.closed:
            with contextlib.suppress(OSError), _socket_of(self._link) as its_socket:
                its_socket.shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()


def _socket_of(link: psycopg.AsyncConnection[Any]) -> socket.socket:
    return socket.socket(fileno=os.dup(link.fileno()))


async def within(seconds: float, work: Coroutine[Any, Any, T], *links: Link) -> T:
    """The result of ``work``, which uses ``links``. Raises :class:`NoAnswerError` when it is late.

    Also when the caller is cancelled, ``work`` is at its end before this returns.
    """
    task = asyncio.get_running_loop().create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        late = not task.done()
        while not task.done():
            _cut(links)
            await asyncio.wait({task}, timeout=0.1)
        error = task.exception()  # also when the caller is cancelled and nobody else looks at it
    if late:
        raise NoAnswerError("timeout") from error
    return task.result()


def _cut(links: Sequence[Link]) -> None:
    for link in links:
        link.cut()
