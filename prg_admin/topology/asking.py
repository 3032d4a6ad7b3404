"""What a person has an agent asked now and then: a checkup, the measure of a link.

Apart from the engine's own way to the agents (``topology.agents``): each call has a connection of
its own, so that nothing asked here can hold up a probe, and the handshake shows the certificate.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
from django.conf import settings

from prg_admin.domain.checkups import LINK_DEADLINE_S, Checkup, LinkCount, LinkOrder
from prg_admin.domain.wire import Document, PeerAddress, WireError
from prg_admin.topology.agents import AgentError, Target

D = TypeVar("D", bound=Document)

MOST_BYTES = 64 * 1024
MOST_DETAIL = 200
WORD = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""An agent's own word for a refusal."""
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
    certificate: dict[str, Any]
    begun: float
    """Our wall clock before the request was sent, and when the answer was there."""
    ended: float


def examine(target: Target) -> Examined:
    """Raises :class:`AgentError`."""
    reply = _ask(target, "GET", "/srm/v1/checkup")
    checkup = _read(reply, Checkup)
    until = ssl.cert_time_to_seconds(str(reply.certificate["notAfter"]))
    return Examined(
        checkup=checkup,
        clock_ahead_s=checkup.clock - (reply.begun + reply.ended) / 2,
        certificate_name=_common_name(reply.certificate),
        certificate_until=datetime.fromtimestamp(until, UTC),
    )


def measure_link(source: Target, to: PeerAddress) -> LinkCount:
    """Has one agent send to another. Raises :class:`AgentError`."""
    body = LinkOrder(to).to_json()
    return _read(_ask(source, "POST", "/srm/v1/measure", body), LinkCount)


def _ask(target: Target, method: str, path: str, body: Any = None) -> _Reply:
    return asyncio.run(_within(target, method, path, body))


async def _within(target: Target, method: str, path: str, body: Any) -> _Reply:
    try:
        async with asyncio.timeout(target.timeout):
            return await _exchange(target, method, path, body)
    except TimeoutError as error:
        raise AgentError("timeout") from error
    except aiohttp.ClientConnectorError as error:
        raise _no_connection(error) from error
    except (aiohttp.ClientError, OSError) as error:
        raise AgentError("unreachable", str(error)) from error


async def _exchange(target: Target, method: str, path: str, body: Any) -> _Reply:
    host = f"[{target.host}]" if ":" in target.host else target.host
    url = f"https://{host}:{target.port}{path}"
    options: dict[str, Any] = {"ssl": _context(), "server_hostname": target.name}
    async with aiohttp.ClientSession() as session:
        # Connected before the clock is read: a handshake would make the node's clock look slow.
        async with session.get(f"https://{host}:{target.port}/srm/v1/link", **options) as first:
            await first.read()
        begun = time.time()
        async with session.request(
            method, url, json=body, allow_redirects=False, **options
        ) as response:
            transport = response.connection.transport if response.connection else None
            certificate = transport.get_extra_info("peercert") if transport else None
            text = bytearray()
            async for chunk in response.content.iter_any():
                text += chunk
                if len(text) > MOST_BYTES:
                    raise AgentError("answer", f"longer than {MOST_BYTES} bytes")
            return _Reply(response.status, bytes(text), certificate or {}, begun, time.time())


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.PKI_DIR / "ca.crt")
    context.load_cert_chain(settings.PKI_DIR / "engine.crt", settings.PKI_DIR / "engine.key")
    return context


def _no_connection(error: aiohttp.ClientConnectorError) -> AgentError:
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return AgentError("tls", str(error))
    refused = isinstance(error.os_error, ConnectionRefusedError)
    return AgentError("refused" if refused else "unreachable", str(error.os_error))


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


def _common_name(certificate: dict[str, Any]) -> str:
    for part in certificate.get("subject", ()):
        for key, value in part:
            if key == "commonName":
                return str(value)
    return ""
