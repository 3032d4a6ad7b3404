"""When the engine has to look again because time alone will change the answer.

Everything else that changes an answer is called in by the agents or found by the next sweep; delays
and limits run out in between, and a failover should not wait for a sweep that happens to be later.
"""

from __future__ import annotations

from datetime import datetime

from prg_admin.domain import timing
from prg_admin.domain.conditions import fallback_wait
from prg_admin.domain.facts import Facts, NodeView, Pair
from prg_admin.domain.health import database_down, services_overdue
from prg_admin.domain.silence import engine_silence, fence_wait, peer_silence
from prg_admin.domain.states import TRANSITIONAL, NodeState
from prg_admin.domain.timing import RecoverySettings

LONGEST_REPROBE_S = 1.0

WATCHED = frozenset({NodeState.NORMAL, NodeState.INITIALIZING, NodeState.BACKUP})
"""States in which a service that stays down for the delay makes a difference."""


def wake_in(
    pair: Pair, *, settings: RecoverySettings, now: datetime, reprobe: bool = True
) -> float | None:
    """Seconds until a delay or a limit runs out, or None when none is running.

    ``reprobe``: a suspect is looked at again well before its limit.
    """
    if not pair.ha_enabled or len(pair.nodes) < 2:  # noqa: PLR2004
        return None
    waits = _fallback_waits(pair, settings, now)
    for node, peer in (pair.nodes, pair.nodes[::-1]):
        waits += _service_waits(node, settings, now)
        waits += _silence_waits(node, peer, settings, now, reprobe=reprobe)
        waits += _deadline_waits(node, settings, now)
    return min((wait for wait in waits if wait > 0), default=None)


def _service_waits(node: NodeView, settings: RecoverySettings, now: datetime) -> list[float]:
    if node.state not in WATCHED:
        return []
    down = [*services_overdue(node, settings, now).values(), database_down(node)]
    return [timing.service_delay(settings) - s for s in down if s is not None]


def _silence_waits(
    node: NodeView, peer: NodeView, settings: RecoverySettings, now: datetime, *, reprobe: bool
) -> list[float]:
    engine, other = engine_silence(node, now), peer_silence(node, peer)
    if node.reachable or engine is None or other is None:
        return []
    fence, limits = fence_wait(node, settings), [timing.silence_limit(settings)]
    if node.state is NodeState.INITIALIZING:
        limits += [fence, max(timing.initialization_limit(settings), fence)]
    elif node.state in WATCHED:
        limits = [max(*limits, fence)]  # it counts as down when it has surely stopped as well
    else:
        limits.append(fence)
    waits = [limit - min(engine, other) for limit in limits if limit > min(engine, other)]
    if waits and reprobe:
        # Suspect: looked at again well before the limit, for one lost packet is no dead node.
        waits.append(min(LONGEST_REPROBE_S, settings.heart_beat_interval / 4))
    return waits


def _deadline_waits(node: NodeView, settings: RecoverySettings, now: datetime) -> list[float]:
    if node.state not in TRANSITIONAL or node.since is None:
        return []
    limits = [timing.transition_limit(settings)]
    if node.state is NodeState.INITIALIZING:
        limits.append(timing.initialization_deadline(settings))
    return [limit - (now - node.since).total_seconds() for limit in limits]


def _fallback_waits(pair: Pair, settings: RecoverySettings, now: datetime) -> list[float]:
    a, b = pair.nodes
    ways = (Facts(a, b, 0, pair, settings, now), Facts(b, a, 1, pair, settings, now))
    return [wait for facts in ways if (wait := fallback_wait(facts)) is not None]
