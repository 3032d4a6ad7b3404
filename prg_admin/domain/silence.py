"""A node that cannot be asked: for how long, and whether it may be serving users all the while.

Two witnesses judge a silent node: the engine by its own probes and the node's call-ins
(``heard_at``), and the peer by its heartbeats; one alone never does. Silence says that nobody hears
it, not that it has stopped; only the fence says that. Durations are seconds.
"""

from __future__ import annotations

from datetime import datetime

from prg_admin.domain import timing
from prg_admin.domain.facts import Facts, NodeView, Values
from prg_admin.domain.states import SERVING
from prg_admin.domain.timing import RecoverySettings


def engine_silence(node: NodeView, now: datetime) -> float | None:
    """Seconds since the engine heard the node, 0 when it answers now, None when never heard."""
    if node.reachable:
        return 0.0
    if node.heard_at is None:
        return None
    return max(0.0, (now - node.heard_at).total_seconds())


def peer_silence(node: NodeView, witness: NodeView) -> float | None:
    """Seconds since ``witness`` heard ``node``; None when the witness cannot be asked."""
    report = witness.report
    if report is None or report.peer is None or report.peer.name != node.name:
        return None
    return report.peer.silence_s


def silence_values(facts: Facts, limit: float) -> Values | None:
    """The silences of A when both witnesses miss it for ``limit`` seconds."""
    engine = engine_silence(facts.a, facts.now)
    peer = peer_silence(facts.a, facts.b)
    if engine is None or peer is None or engine < limit or peer < limit:
        return None
    return {
        "node": facts.a.name,
        "engine_silence_s": round(engine, 3),
        "peer_silence_s": round(peer, 3),
        "limit_s": limit,
        "error": facts.a.error,
    }


def silent(facts: Facts) -> Values | None:
    return silence_values(facts, timing.silence_limit(facts.settings))


def is_fenced(facts: Facts) -> bool:
    """A cannot be asked, and by now it has stopped serving by itself.

    Sure only when it said goodbye, or its last report said that it isolates itself, or that it
    serves nobody and will not begin without a new order; or when a person answers for it, and both
    witnesses miss it all the same.
    """
    last = facts.a.feared
    if facts.a.reachable or last is None:
        return False
    if facts.a.goodbye:
        return True
    if facts.a.stated_off:
        return silent(facts) is not None
    if not (last.isolates or last.role not in SERVING):
        return False
    return silence_values(facts, fence_wait(facts.a, facts.settings)) is not None


def fence_wait(node: NodeView, settings: RecoverySettings) -> float:
    """Silence after which the node has surely stopped, under the timing it last confirmed.

    The parameters may have been shortened since; a node that is out of reach has not heard of it.
    """
    last = node.feared
    if last is None or not last.isolates:
        return timing.silence_limit(settings)
    return last.isolation_limit_s + timing.DOOR_MARGIN_S


def never_stops(node: NodeView) -> bool:
    """Out of reach, and it may go on serving for ever: nobody can take over before it is heard."""
    last = node.feared
    if node.reachable or node.goodbye or node.stated_off or last is None:
        return False
    return last.role in SERVING and not last.isolates
