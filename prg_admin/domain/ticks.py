"""What of a report moves by itself, and the tag over all the rest.

A node that goes on as it did has nothing new to say but a few numbers. The engine names the tag of
the report it knows; a node whose tag is the same answers with its **ticks** alone, and the report
it would have given is the known one moved on by them (:func:`advanced`).

The tag covers everything else, moments included: of a service that ended and was started again in
between, the moment it was started differs, so its duration is never counted on from the wrong one.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Self

from prg_admin.domain.wire import Report, ServiceReport, WireError

TAG = re.compile(r"[0-9a-f]{32}")
_NUMBER = r"(?:0|[1-9][0-9]{0,17})"
_DECIMAL = rf"{_NUMBER}\.[0-9]{{1,3}}"
TICKS = re.compile(
    rf"({_NUMBER}) ({_DECIMAL}) ({_NUMBER}) (-|{_DECIMAL}) (-|{_DECIMAL}) (-|{_NUMBER})"
)
MOMENT_DIGITS = 1
"""Moments are told apart to a tenth of a second: no service is started twice in less."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """The numbers of a report that move by themselves."""

    seq: int
    up_s: float
    sessions: int
    peer_silence_s: float | None
    """None where the report has no peer."""
    peer_rtt_ms: float | None
    lag_bytes: int | None

    def __str__(self) -> str:
        words = (
            *(str(self.seq), f"{self.up_s:.3f}", str(self.sessions)),
            *(_decimal(self.peer_silence_s), _decimal(self.peer_rtt_ms)),
            "-" if self.lag_bytes is None else str(self.lag_bytes),
        )
        return " ".join(words)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises :class:`WireError` for anything but what ``str`` makes."""
        found = TICKS.fullmatch(text)
        if found is None:
            raise WireError("ticks are not six numbers")
        seq, up, sessions, silence, rtt, lag = found.groups()
        if int(sessions) >= 2**31:
            raise WireError("ticks.sessions is too high")
        return cls(
            seq=int(seq),
            up_s=float(up),
            sessions=int(sessions),
            peer_silence_s=None if silence == "-" else float(silence),
            peer_rtt_ms=None if rtt == "-" else float(rtt),
            lag_bytes=None if lag == "-" else int(lag),
        )


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def ticks_of(report: Report) -> Ticks:
    peer, database = report.peer, report.database
    return Ticks(
        seq=report.seq,
        up_s=report.up_s,
        sessions=report.sessions,
        peer_silence_s=peer.silence_s if peer else None,
        peer_rtt_ms=peer.rtt_ms if peer else None,
        lag_bytes=database.lag_bytes if database else None,
    )


def tag_of(report: Report) -> str:
    """The same for two reports of which each is the other one moved on."""
    steady = report.to_json()
    for name in ("seq", "up_s", "sessions"):
        del steady[name]
    for service in steady["services"]:
        service["up_s"] = _moment(report, service["up_s"])
        service["down_s"] = _moment(report, service["down_s"])
    if steady["peer"] is not None:
        del steady["peer"]["silence_s"]
        steady["peer"]["rtt_ms"] = steady["peer"]["rtt_ms"] is None
    if steady["database"] is not None:
        steady["database"]["down_s"] = _moment(report, steady["database"]["down_s"])
        steady["database"]["lag_bytes"] = steady["database"]["lag_bytes"] is None
    text = json.dumps(steady, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _moment(report: Report, duration: float | None) -> float | None:
    """When it began, in seconds of the agent's own life."""
    return None if duration is None else round(report.up_s - duration, MOMENT_DIGITS)


def advanced(report: Report, ticks: Ticks) -> Report:
    """The report the node would have given with these ticks, its tag being the same."""
    passed = max(0.0, ticks.up_s - report.up_s)
    peer, database = report.peer, report.database
    if peer is not None:
        silence = peer.silence_s if ticks.peer_silence_s is None else ticks.peer_silence_s
        peer = replace(peer, silence_s=silence, rtt_ms=ticks.peer_rtt_ms)
    if database is not None:
        down_s = _later(database.down_s, passed)
        database = replace(database, down_s=down_s, lag_bytes=ticks.lag_bytes)
    return replace(
        report,
        seq=ticks.seq,
        up_s=ticks.up_s,
        sessions=ticks.sessions,
        services=tuple(_moved_on(service, passed) for service in report.services),
        peer=peer,
        database=database,
    )


def _moved_on(service: ServiceReport, passed: float) -> ServiceReport:
    up_s, down_s = _later(service.up_s, passed), _later(service.down_s, passed)
    return replace(service, up_s=up_s, down_s=down_s)


def _later(duration: float | None, passed: float) -> float | None:
    return None if duration is None else duration + passed
