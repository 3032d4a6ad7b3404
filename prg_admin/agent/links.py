"""Measures the link to another agent, and counts what another agent sends.

An agent that drives a node must not be kept from it: one measure at a time, of bounded size, with a
pause in between. Whoever asks too early is told so.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from prg_admin.agent import clock
from prg_admin.agent.causes import describe
from prg_admin.agent.refusal import Refused
from prg_admin.domain.checkups import (
    LINK_BYTES,
    LINK_DEADLINE_S,
    LINK_PAUSE_S,
    RAMP_BYTES,
    LinkCount,
    LinkOrder,
)
from prg_admin.domain.wire import WireError

CHUNK = 64 * 1024
PINGS = 3
ANSWER_S = 2.0
"""What the answer may take beyond the receiver's own deadline."""


class Links:
    """The sending and the receiving end; both have their own turn."""

    def __init__(self, http: aiohttp.ClientSession, tls: ssl.SSLContext) -> None:
        self._http = http
        self._tls = tls
        self._sending = Turn()
        self._receiving = Turn()

    async def measure(self, order: LinkOrder) -> LinkCount:
        """Raises :class:`Refused`."""
        with self._sending:
            try:
                async with asyncio.timeout(LINK_DEADLINE_S + ANSWER_S):
                    rtt_ms = min([await self._ping(order) for _ in range(PINGS)])
                    count = await self._send(order)
            except (aiohttp.ClientError, OSError, TimeoutError, WireError, ValueError) as error:
                raise Refused(502, "link-failed", detail=describe(error)) from error
        return LinkCount(count.received, count.counted, count.seconds, rtt_ms)

    async def _ping(self, order: LinkOrder) -> float:
        begin = clock.now()
        async with self._request(order, "GET") as response:
            response.raise_for_status()
            await response.read()
        return (clock.now() - begin) * 1000

    async def _send(self, order: LinkOrder) -> LinkCount:
        async with self._request(order, "POST", data=_noise()) as response:
            response.raise_for_status()
            return LinkCount.from_bytes(await response.read())

    def _request(
        self, order: LinkOrder, method: str, data: AsyncIterator[bytes] | None = None
    ) -> aiohttp.client._RequestContextManager:
        host = f"[{order.to.host}]" if ":" in order.to.host else order.to.host
        return self._http.request(
            method,
            f"https://{host}:{order.to.port}/srm/v1/link",
            data=data,
            ssl=self._tls,
            server_hostname=order.to.name,
            allow_redirects=False,
        )

    async def count(self, request: web.Request) -> LinkCount:
        """Raises :class:`Refused`."""
        with self._receiving:
            return await _count(request.content)


class Turn:
    """One at a time, and not again before the pause is over."""

    def __init__(self) -> None:
        self._busy = False
        self._free_at = clock.now()

    def __enter__(self) -> None:
        if self._busy or clock.now() < self._free_at:
            raise Refused(409, "measured-lately")
        self._busy = True

    def __exit__(self, *_: object) -> None:
        self._busy = False
        self._free_at = clock.now() + LINK_PAUSE_S


async def _noise() -> AsyncIterator[bytes]:
    chunk = bytes(CHUNK)
    for _ in range(LINK_BYTES // CHUNK):
        yield chunk


async def _count(content: aiohttp.StreamReader) -> LinkCount:
    begin = clock.now()
    received, ramp, ramp_end, last = 0, 0, begin, begin
    try:
        async with asyncio.timeout(LINK_DEADLINE_S):
            while received < LINK_BYTES and (chunk := await content.readany()):
                received += len(chunk)
                last = clock.now()
                if received <= RAMP_BYTES:
                    ramp, ramp_end = received, last
    except TimeoutError:
        pass  # what has arrived by now is what counts
    if received <= RAMP_BYTES:
        ramp, ramp_end = 0, begin
    return LinkCount(received, received - ramp, max(last - ramp_end, 1e-6), 0.0)
