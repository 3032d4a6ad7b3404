"""When the engine has to look again because time alone will change the answer.

Everything else that changes an answer is called in by the agents or found by the next sweep; delays
and limits run out in between, and a failover should not wait for a sweep that happens to be later.
"""

from __future__ import annotations

from datetime import datetime

from prg_admin.domain import timing
from prg_admin.domain.facts import NodeView, Pair, engine_silence, peer_silence, services_down
from prg_admin.domain.states import NodeState
from prg_admin.domain.timing import RecoverySettings

WATCHED = frozenset({NodeState.NORMAL, NodeState.INITIALIZING, NodeState.BACKUP})
"""States in which a service that stays down for the delay makes a difference."""


def wake_in(pair: Pair, *, settings: RecoverySettings, now: datetime) -> float | None:
    """Seconds until a delay or a limit runs out, or None when none is running."""
    if not pair.ha_enabled or len(pair.nodes) < 2:  # noqa: PLR2004
        return None
    waits = [
        wait
        for node, peer in (pair.nodes, pair.nodes[::-1])
        for wait in (*_service_waits(node, settings), *_silence_waits(node, peer, settings, now))
        if wait > 0
    ]
    return min(waits, default=None)


def _service_waits(node: NodeView, settings: RecoverySettings) -> list[float]:
    if node.state not in WATCHED:
        return []
    return [timing.service_delay(settings) - down for down in services_down(node).values()]


def _silence_waits(
    node: NodeView, peer: NodeView, settings: RecoverySettings, now: datetime
) -> list[float]:
    engine, other = engine_silence(node, now), peer_silence(node, peer)
    if node.reachable or engine is None or other is None:
        return []
    return [timing.silence_limit(settings) - min(engine, other)]
