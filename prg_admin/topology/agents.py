"""The way to the node agents: HTTPS and JSON under mutual TLS, behind a small synchronous face.

Connections stay open (``topology.exchange``), so that a probe costs one round trip. Every call has
one total deadline. What an agent says is read strictly (``domain.wire``); a caller gets an
:class:`Answer` or an :class:`AgentError`.

Who names the tag of the report it knows may be answered by its ticks alone (``domain.ticks``).
"""

from __future__ import annotations

import atexit
import json
import os
import re
import resource
import ssl
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from django.conf import settings

from prg_admin.domain.ticks import TAG, TICKS
from prg_admin.domain.wire import Order, Report, WireError
from prg_admin.topology.connection import BadAnswerError, Response
from prg_admin.topology.exchange import Ask, Outcome, Wires

WORD = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""An agent's own word for a refusal."""


class Target(NamedTuple):
    """Where an agent is reached, and the name its certificate must bear."""

    name: str
    host: str
    port: int
    timeout: float
    """Total deadline of one call, seconds (Connect Timeout)."""
    tag: str = ""
    """Of the report that is known; empty when the whole report is wanted."""


class Answer(NamedTuple):
    """What came of one call: a report, or the short cause why there is none."""

    report: Report | None
    error: str = ""
    rtt_ms: float | None = None
    tag: str = ""
    """Of the report; empty when the agent gave none."""
    ticks: str = ""
    """Instead of a report: the known one, whose tag was named, moved on (``domain.ticks``)."""


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
        self._wires = Wires()
        self._tls: ssl.SSLContext | None = None
        _allow_many_connections()
        atexit.register(self.close)

    def probe(self, targets: Sequence[Target]) -> list[Answer]:
        """Asks all of them at once for their reports; answers stand in the same order."""
        outcomes = self._wires.ask([_probe(target) for target in targets], self._context())
        return [_answer(outcome, t.tag) for outcome, t in zip(outcomes, targets, strict=True)]

    def order(self, orders: Sequence[tuple[Target, Order]]) -> list[Answer]:
        """Puts each order; the answer is the agent's report after it."""
        asks = [_ask(target, "PUT", "/srm/v1/goal", order.to_json()) for target, order in orders]
        return [_answer(outcome) for outcome in self._wires.ask(asks, self._context())]

    def service_control(self, target: Target, service: str, action: str) -> Report:
        """Starts, stops or restarts a service. Raises :class:`AgentError`."""
        path = f"/srm/v1/services/{quote(service)}/{action}"
        (outcome,) = self._wires.ask([_ask(target, "POST", path, None)], self._context())
        return _report(outcome)

    def close(self) -> None:
        # A forked child has this object, but no right to its connections.
        if self._pid == os.getpid():
            self._wires.close()

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            context = ssl.create_default_context(cafile=self._pki / "ca.crt")
            context.load_cert_chain(self._pki / "engine.crt", self._pki / "engine.key")
            self._tls = context
        return self._tls


def _allow_many_connections() -> None:
    """One to each node is kept open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _probe(target: Target) -> Ask:
    known = f'If-None-Match: "{target.tag}"\r\n' if target.tag else ""
    head = f"GET /srm/v1/report HTTP/1.1\r\nHost: {target.name}\r\n{known}\r\n"
    return Ask((target.name, target.host, target.port), head.encode(), target.timeout)


def _ask(target: Target, method: str, path: str, document: Any) -> Ask:
    body = b"" if document is None else json.dumps(document).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {target.name}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Ask((target.name, target.host, target.port), head.encode() + body, target.timeout)


def _answer(outcome: Outcome, known_tag: str = "") -> Answer:
    if isinstance(outcome, Response) and outcome.status == 304 and known_tag:  # noqa: PLR2004
        if TICKS.fullmatch(outcome.ticks) is None:
            return Answer(None, "answer")
        return Answer(None, "", outcome.took_s * 1000, known_tag, outcome.ticks)
    try:
        report = _report(outcome)
    except AgentError as error:
        return Answer(None, error.kind)
    assert isinstance(outcome, Response)  # noqa: S101 - else there was no report
    tag = outcome.tag if TAG.fullmatch(outcome.tag) else ""
    return Answer(report, "", outcome.took_s * 1000, tag)


def _report(outcome: Outcome) -> Report:
    """Raises :class:`AgentError`."""
    if isinstance(outcome, Response):
        return _read(outcome.status, outcome.body)
    for cause, kind in _KINDS:
        if isinstance(outcome, cause):
            raise AgentError(kind, str(outcome)) from outcome
    raise outcome


_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "timeout"),
    (ssl.SSLError, "tls"),
    (ConnectionRefusedError, "refused"),
    (BadAnswerError, "answer"),
    (OSError, "unreachable"),
)
"""The first that fits counts."""


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


def agent_client() -> AgentClient:
    """The process's client; a forked child gets one of its own."""
    return _client_of(os.getpid())


@cache
def _client_of(_pid: int) -> AgentClient:
    return AgentClient(Path(settings.PKI_DIR))
