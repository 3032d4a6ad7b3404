"""Who hears whom: the engine each node, and each node the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from prg_admin.domain import timing
from prg_admin.domain.facts import NodeView, Pair
from prg_admin.domain.silence import engine_silence, peer_silence
from prg_admin.domain.states import NodeState
from prg_admin.domain.timing import RecoverySettings


@dataclass(frozen=True, slots=True)
class Hearing:
    """One line of the table."""

    listener: str
    """Name of a node; empty for the engine."""
    speaker: str
    is_known: bool
    """False while the listener cannot be asked."""
    error: str
    silence_s: float | None
    """Seconds; None when never heard, or not known."""
    rtt_ms: float | None
    limit_s: float
    """Silence at which the speaker counts as down, once both who listen to it agree."""

    @property
    def is_heard(self) -> bool:
        return self.is_known and not self.error and self.silence_s is not None

    @property
    def is_suspect(self) -> bool:
        return self.is_known and bool(self.error) and self.silence_s is not None

    @property
    def left_s(self) -> float:
        return max(0.0, self.limit_s - (self.silence_s or 0.0))


def hearings(
    pair: Pair, *, settings: RecoverySettings, rtt_ms: tuple[float | None, ...], now: datetime
) -> tuple[Hearing, ...]:
    """Engine to each node, then each node to its peer; ``rtt_ms`` are the engine's own.

    The times of ``pair`` are counted on to ``now`` (``whynot.as_of``).
    """
    nodes = pair.nodes
    found = [_of_engine(node, settings, rtt, now) for node, rtt in zip(nodes, rtt_ms, strict=True)]
    if len(nodes) == 2:  # noqa: PLR2004
        a, b = nodes
        found += [_of_peer(a, b, settings), _of_peer(b, a, settings)]
    return tuple(found)


def _of_engine(
    node: NodeView, settings: RecoverySettings, rtt_ms: float | None, now: datetime
) -> Hearing:
    error = "" if node.reachable else (node.error or "silent")
    rtt = rtt_ms if node.reachable else None
    silence = engine_silence(node, now)
    return Hearing("", node.name, True, error, silence, rtt, _limit(node, settings))


def _of_peer(listener: NodeView, speaker: NodeView, settings: RecoverySettings) -> Hearing:
    limit = _limit(speaker, settings)
    report = listener.report
    if report is None or report.peer is None or report.peer.name != speaker.name:
        return Hearing(listener.name, speaker.name, False, "", None, None, limit)
    peer, silence = report.peer, peer_silence(speaker, listener)
    rtt = None if peer.error else peer.rtt_ms
    return Hearing(listener.name, speaker.name, True, peer.error, silence, rtt, limit)


def _limit(speaker: NodeView, settings: RecoverySettings) -> float:
    if speaker.state is NodeState.INITIALIZING:
        return timing.initialization_limit(settings)
    return timing.silence_limit(settings)
