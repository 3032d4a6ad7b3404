"""The way to the node agents: HTTPS and JSON under mutual TLS, behind a small synchronous face.

Each process keeps one event loop in a thread of its own, with connections that stay open, so that a
probe from any worker thread costs one round trip. Every call has one total deadline. What an agent
says is read strictly (``domain.wire``); a caller gets an :class:`Answer` or an :class:`AgentError`.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import re
import ssl
import threading
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import uvloop
from django.conf import settings

from prg_admin.domain.wire import Order, Report, WireError

T = TypeVar("T")

MOST_BYTES = 1024 * 1024
"""A report of any number of services is far shorter."""
WORD = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""An agent's own word for a refusal."""

MOST_AT_ONCE = 100
"""Probes under way at a time; more of them only make each one slower."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an agent is reached, and the name its certificate must bear."""

    name: str
    host: str
    port: int
    timeout: float
    """Total deadline of one call, seconds (Connect Timeout)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call: a report, or the short cause why there is none."""

    report: Report | None
    error: str = ""
    rtt_ms: float | None = None


class AgentError(Exception):
    """A call failed: ``kind`` is refused, timeout, tls, unreachable, answer or the agent's word."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail


class AgentClient:
    """Calls agents from synchronous code. Use :func:`agent_client`, not a new one each time."""

    def __init__(self, pki: Path) -> None:
        self._pki = pki
        self._pid = os.getpid()
        self._loop = uvloop.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None
        threading.Thread(target=self._loop.run_forever, name="agents", daemon=True).start()
        atexit.register(self.close)

    def probe(self, targets: Sequence[Target]) -> list[Answer]:
        """Asks all of them at once for their reports; answers stand in the same order."""
        calls = [(target, "GET", "/srm/v1/report", None) for target in targets]
        return self._run(self._many(calls))

    def order(self, orders: Sequence[tuple[Target, Order]]) -> list[Answer]:
        """Puts each order; the answer is the agent's report after it."""
        calls = [(target, "PUT", "/srm/v1/goal", order.to_json()) for target, order in orders]
        return self._run(self._many(calls))

    def service_control(self, target: Target, service: str, action: str) -> Report:
        """Starts, stops or restarts a service. Raises :class:`AgentError`."""
        path = f"/srm/v1/services/{quote(service)}/{action}"
        return self._run(self._call(target, "POST", path, None))

    def close(self) -> None:
        # A forked child has this object, but neither its thread nor a right to its connections.
        if self._session is not None and self._pid == os.getpid():
            self._run(self._session.close())
            self._session = None

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _many(self, calls: Sequence[tuple[Target, str, str, Any]]) -> list[Answer]:
        gate = asyncio.Semaphore(MOST_AT_ONCE)

        async def one(target: Target, method: str, path: str, body: Any) -> Answer:
            async with gate:
                begin = time.perf_counter()
                try:
                    report = await self._call(target, method, path, body)
                except AgentError as error:
                    return Answer(None, error.kind)
                return Answer(report, "", (time.perf_counter() - begin) * 1000)

        return await asyncio.gather(*(one(*call) for call in calls))

    async def _call(self, target: Target, method: str, path: str, body: Any) -> Report:
        context = self._context()  # a fault of ours, not of the node's: it is raised as it is
        try:
            async with asyncio.timeout(target.timeout):
                status, text = await self._exchange(target, method, path, body, context)
        except TimeoutError as error:
            raise AgentError("timeout") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise AgentError("tls", str(error.certificate_error)) from error
        except aiohttp.ClientSSLError as error:
            raise AgentError("tls", str(error)) from error
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, ConnectionRefusedError)
            kind = "refused" if refused else "unreachable"
            raise AgentError(kind, str(error.os_error)) from error
        except aiohttp.ClientResponseError as error:
            raise AgentError("answer", error.message) from error
        except (aiohttp.ClientError, OSError) as error:
            raise AgentError("unreachable", str(error)) from error
        return _read(status, text)

    async def _exchange(
        self, target: Target, method: str, path: str, body: Any, context: ssl.SSLContext
    ) -> tuple[int, bytes]:
        url = f"https://{_bracketed(target.host)}:{target.port}{path}"
        options: dict[str, Any] = {"ssl": context, "server_hostname": target.name}
        async with self._open().request(
            method, url, json=body, allow_redirects=False, **options
        ) as response:
            text = bytearray()
            async for chunk in response.content.iter_any():
                text += chunk
                if len(text) > MOST_BYTES:
                    raise AgentError("answer", f"longer than {MOST_BYTES} bytes")
            return response.status, bytes(text)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=320)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            context = ssl.create_default_context(cafile=self._pki / "ca.crt")
            context.load_cert_chain(self._pki / "engine.crt", self._pki / "engine.key")
            self._tls = context
        return self._tls


def _read(status: int, text: bytes) -> Report:
    if status not in (200, 202):
        raise _refusal(status, text)
    try:
        return Report.from_bytes(text)
    except WireError as error:
        raise AgentError("answer", str(error)) from error


def _refusal(status: int, text: bytes) -> AgentError:
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, dict) or not WORD.fullmatch(str(words.get("error"))):
        return AgentError(f"status {status}")
    return AgentError(words["error"], str(words.get("detail", "")))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def agent_client() -> AgentClient:
    """The process's client; a forked child gets one of its own."""
    return _client_of(os.getpid())


@cache
def _client_of(_pid: int) -> AgentClient:
    return AgentClient(Path(settings.PKI_DIR))
