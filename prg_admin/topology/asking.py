"""What an agent is asked now and then: a checkup, the measure of a link, who is logged in.

Apart from the engine's own way to the agents (``topology.agents``): each call has a connection of
its own, so that nothing asked here can hold up a probe, and the handshake shows the certificate.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from django.conf import settings

from prg_admin.domain.checkups import (
    LINK_DEADLINE_S,
    Checkup,
    LinkCount,
    LinkOrder,
    LoggedIn,
)
from prg_admin.domain.wire import Document, PeerAddress, WireError
from prg_admin.topology.agents import AgentError, Target

D = TypeVar("D", bound=Document)
T = TypeVar("T")
Certificate = dict[str, Any]

MOST_BYTES = 64 * 1024
MOST_DETAIL = 200
WORD = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""An agent's own word for a refusal."""
ROLLS_AT_ONCE = 8
MOST_SESSIONS = 200_000
"""On one node; several for each user that a node may have."""
MEASURE_TIMEOUT = 2 * LINK_DEADLINE_S


@dataclass(frozen=True, slots=True)
class Examined:
    """A checkup, and what the connection showed by itself."""

    checkup: Checkup
    clock_ahead_s: float
    """The node's clock against ours; half of the round trip is allowed for."""
    certificate_name: str
    certificate_until: datetime


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    text: bytes
    begun: float
    """Our wall clock before the call, and when the answer was there."""
    ended: float


def examine(target: Target) -> Examined:
    """Raises :class:`AgentError`."""
    certificate, reply = asyncio.run(_within(target, _looked_at(target)))
    checkup = _read(reply, Checkup)
    until = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return Examined(
        checkup=checkup,
        # The node read its clock somewhere in between; the handshake makes that vague.
        clock_ahead_s=checkup.clock - (reply.begun + reply.ended) / 2,
        certificate_name=_common_name(certificate),
        certificate_until=datetime.fromtimestamp(until, UTC),
    )


def measure_link(source: Target, to: PeerAddress) -> LinkCount:
    """Has one agent send to another. Raises :class:`AgentError`."""
    asked = _exchange(source, "POST", "/srm/v1/measure", LinkOrder(to).to_json())
    return _read(asyncio.run(_within(source, asked)), LinkCount)


@dataclass(frozen=True, slots=True)
class Roll:
    """Everybody who is logged in on a node; one name for each session, sorted."""

    boot_id: str
    revision: int
    users: tuple[str, ...] | None
    """None: the same as at the revision that was known."""


KnownRoll = tuple[str, int]
"""Boot and revision of the roll that is known already."""


def call_rolls(asked: Sequence[tuple[Target, KnownRoll | None]]) -> list[Roll | AgentError]:
    """Some nodes at a time; each has its target's time-out for all pages together."""
    return asyncio.run(_call_rolls(asked))


async def _call_rolls(
    asked: Sequence[tuple[Target, KnownRoll | None]],
) -> list[Roll | AgentError]:
    tls, turn = _context(), asyncio.Semaphore(ROLLS_AT_ONCE)

    async def one(target: Target, known: KnownRoll | None) -> Roll | AgentError:
        async with turn:
            try:
                return await _within(target, _roll(target, known, tls))
            except AgentError as error:
                return error

    return list(await asyncio.gather(*(one(target, known) for target, known in asked)))


async def _roll(target: Target, known: KnownRoll | None, tls: ssl.SSLContext) -> Roll:
    users: list[str] = []
    async with _session(tls) as session:
        while True:
            after = quote(users[-1], safe="") if users else ""
            path = f"/srm/v1/logged-in?after={after}"
            page = _read(await _request(session, target, "GET", path), LoggedIn)
            if not users and (page.boot_id, page.revision) == known:
                return Roll(page.boot_id, page.revision, None)
            if page.node != target.name or (page.more and not page.users):
                raise AgentError("answer", "a roll of another node, or one that does not end")
            users += page.users
            if not page.more:
                return Roll(page.boot_id, page.revision, tuple(users))
            if len(users) > MOST_SESSIONS:
                raise AgentError("answer", f"more than {MOST_SESSIONS} sessions")


async def _within(target: Target, work: Coroutine[Any, Any, T]) -> T:
    try:
        async with asyncio.timeout(target.timeout):
            return await work
    except TimeoutError as error:
        raise AgentError("timeout") from error
    except ssl.SSLError as error:
        raise AgentError("tls", str(error)) from error
    except aiohttp.ClientConnectorError as error:
        raise _no_connection(error.os_error) from error
    except aiohttp.ClientError as error:
        raise AgentError("unreachable", str(error)) from error
    except OSError as error:
        raise _no_connection(error) from error


async def _looked_at(target: Target) -> tuple[Certificate, _Reply]:
    return await _certificate(target), await _exchange(target, "GET", "/srm/v1/checkup")


async def _certificate(target: Target) -> Certificate:
    _, writer = await asyncio.open_connection(
        target.host, target.port, ssl=_context(), server_hostname=target.name
    )
    certificate: Certificate = writer.get_extra_info("peercert")
    writer.transport.abort()
    return certificate


async def _exchange(target: Target, method: str, path: str, body: Any = None) -> _Reply:
    async with _session() as session:
        return await _request(session, target, method, path, body)


def _session(tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls or _context()))


async def _request(
    session: aiohttp.ClientSession, target: Target, method: str, path: str, body: Any = None
) -> _Reply:
    host = f"[{target.host}]" if ":" in target.host else target.host
    options: dict[str, Any] = {"server_hostname": target.name}
    begun = time.time()
    async with session.request(
        method, f"https://{host}:{target.port}{path}", json=body, allow_redirects=False, **options
    ) as response:
        text = bytearray()
        async for chunk in response.content.iter_any():
            text += chunk
            if len(text) > MOST_BYTES:
                raise AgentError("answer", f"longer than {MOST_BYTES} bytes")
        return _Reply(response.status, bytes(text), begun, time.time())


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.PKI_DIR / "ca.crt")
    context.load_cert_chain(settings.PKI_DIR / "engine.crt", settings.PKI_DIR / "engine.key")
    return context


def _no_connection(error: OSError) -> AgentError:
    if isinstance(error, ssl.SSLError | ssl.CertificateError):
        return AgentError("tls", str(error))
    refused = isinstance(error, ConnectionRefusedError)
    return AgentError("refused" if refused else "unreachable", str(error))


def _read(reply: _Reply, kind: type[D]) -> D:
    if reply.status != HTTPStatus.OK:
        raise _refusal(reply)
    try:
        return kind.from_bytes(reply.text)
    except WireError as error:
        raise AgentError("answer", str(error)) from error


def _refusal(reply: _Reply) -> AgentError:
    try:
        words = json.loads(reply.text)
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, dict) or not WORD.fullmatch(str(words.get("error"))):
        return AgentError(f"status {reply.status}")
    return AgentError(words["error"], str(words.get("detail", ""))[:MOST_DETAIL])


def _common_name(certificate: Certificate) -> str:
    for part in certificate.get("subject", ()):
        for key, value in part:
            if key == "commonName":
                return str(value)
    return ""
