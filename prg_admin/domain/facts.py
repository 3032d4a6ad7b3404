"""What the engine knows about a pair, and when each condition of the transition table holds.

A condition answers with the values it looked at, which the event stores, or with None when it does
not hold. Durations are seconds. Two witnesses judge a silent node: the engine by its own probes and
the node's call-ins (``heard_at``), and the peer by its heartbeats; one alone never does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from prg_admin.domain import timing
from prg_admin.domain.states import (
    SERVING,
    NodeState,
    Reason,
    Role,
    ServiceState,
    homes_served,
)
from prg_admin.domain.timing import RecoverySettings
from prg_admin.domain.transitions import When
from prg_admin.domain.wire import Report

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NodeView:
    """A member as the engine sees it at one moment."""

    name: str
    host: str
    port: int
    state: NodeState
    reason: Reason
    since: datetime | None
    target: Role
    ordered: Role
    ordered_epoch: int
    heard_at: datetime | None
    """When the engine last heard it, by an answered probe or a call-in."""
    last_report: Report | None
    """The last report, however old."""
    reachable: bool
    """Whether ``last_report`` is the answer to the latest probe."""
    error: str = ""

    @property
    def report(self) -> Report | None:
        return self.last_report if self.reachable else None


@dataclass(frozen=True, slots=True)
class Pair:
    """A group as the engine sees it at one moment; one node only where there is no pair yet."""

    group: str
    ha_enabled: bool
    epoch: int
    nodes: tuple[NodeView, ...]


class Action(StrEnum):
    """What people ask for."""

    ENABLE_HA = "enable-ha"
    DISABLE_HA = "disable-ha"
    CHANGE_MEMBERS = "change-members"
    DELETE = "delete"
    FAILOVER = "failover"
    FALLBACK = "fallback"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class Request:
    """An action asked for, with the index (0 or 1) of the node it is about, if any."""

    action: Action
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One way round of a pair: ``a`` is the node that is hit, ``b`` its peer."""

    a: NodeView
    b: NodeView
    index_a: int
    ha_enabled: bool
    settings: RecoverySettings
    now: datetime
    request: Request | None


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


def services_down(node: NodeView) -> dict[str, float]:
    """Critical services that do not run, by name, with the seconds since they last ran."""
    if node.report is None:
        return {}
    return {
        service.name: service.down_s or 0.0
        for service in node.report.services
        if service.state is not ServiceState.STARTED
    }


def is_healthy(node: NodeView) -> bool:
    """It answers, and all its critical services run."""
    return node.report is not None and node.report.services_running


def confirms_order(node: NodeView) -> bool:
    """Its latest answer was given under the order that is in force."""
    return node.report is not None and node.report.goal_epoch == node.ordered_epoch


def at_target(node: NodeView, peer: NodeView) -> bool:
    """Its report, given under its order, says that the target role is reached."""
    report = node.report
    if report is None or not confirms_order(node) or node.ordered is not node.target:
        return False
    wanted = homes_served(node.target, node=node.name, peer=peer.name)
    stopped = node.target is not Role.IDLE or report.services_stopped
    return report.role is node.target and frozenset(report.serving) == wanted and stopped


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


def is_fenced(facts: Facts) -> bool:
    """A cannot be asked, and by now it has stopped serving by itself.

    Sure only when its last report said that it isolates itself, or that it serves nobody and will
    not begin without a new order.
    """
    last = facts.a.last_report
    if facts.a.reachable or last is None:
        return False
    stops_by_itself = last.isolates or last.role not in SERVING
    return stops_by_itself and silence_values(facts, timing.fence_wait(facts.settings)) is not None


def _asked(facts: Facts, action: Action) -> Values | None:
    request = facts.request
    if request is None or request.action is not action:
        return None
    if request.index is not None and request.index != facts.index_a:
        return None
    return {"node": facts.a.name} if request.index is not None else {}


def _down_for_delay(node: NodeView, settings: RecoverySettings) -> Values | None:
    delay = timing.service_delay(settings)
    down = {name: round(s, 3) for name, s in services_down(node).items() if s >= delay}
    return {"node": node.name, "services_down_s": down, "delay_s": delay} if down else None


def _services_down_a(facts: Facts) -> Values | None:
    return _down_for_delay(facts.a, facts.settings) if is_healthy(facts.b) else None


def _services_down_b(facts: Facts) -> Values | None:
    return _down_for_delay(facts.b, facts.settings)


def _services_down_b_a_ready(facts: Facts) -> Values | None:
    ready = is_healthy(facts.a) and at_target(facts.a, facts.b)
    return _services_down_b(facts) if ready else None


def _services_down_both(facts: Facts) -> Values | None:
    down_a = _down_for_delay(facts.a, facts.settings)
    down_b = _down_for_delay(facts.b, facts.settings)
    return {"nodes": [down_a, down_b]} if down_a and down_b else None


def _silent_a(facts: Facts) -> Values | None:
    limit = timing.silence_limit(facts.settings)
    return silence_values(facts, limit) if is_healthy(facts.b) else None


def _silent_initializing_a(facts: Facts) -> Values | None:
    limit = timing.initialization_limit(facts.settings)
    return silence_values(facts, limit) if is_healthy(facts.b) else None


def _gone_a(facts: Facts) -> Values | None:
    return silence_values(facts, timing.silence_limit(facts.settings))


def _settled(facts: Facts) -> Values | None:
    both = ((facts.a, facts.b), (facts.b, facts.a))
    done = all(at_target(node, peer) and is_healthy(node) for node, peer in both)
    return _reached(facts) if done else None


def _handed_over(facts: Facts) -> Values | None:
    gave_up = at_target(facts.a, facts.b) or is_fenced(facts)
    return _reached(facts) if gave_up and at_target(facts.b, facts.a) else None


def _released(facts: Facts) -> Values | None:
    mirrored = Facts(
        facts.b, facts.a, 1 - facts.index_a, facts.ha_enabled, facts.settings, facts.now, None
    )
    done = all(at_target(f.a, f.b) or is_fenced(f) for f in (facts, mirrored))
    return _reached(facts) if done else None


def _ready_a(facts: Facts) -> Values | None:
    return _reached(facts) if at_target(facts.a, facts.b) and is_healthy(facts.a) else None


def _reached(facts: Facts) -> Values:
    return {
        "serving": {
            node.name: list(node.report.serving) if node.report else None
            for node in (facts.a, facts.b)
        }
    }


def _returned_a(facts: Facts) -> Values | None:
    return _reached(facts) if at_target(facts.a, facts.b) else None


def _all_up_a(facts: Facts) -> Values | None:
    return {"node": facts.a.name} if is_healthy(facts.a) and at_target(facts.a, facts.b) else None


def _some_down_a(facts: Facts) -> Values | None:
    down = {name: round(s, 3) for name, s in services_down(facts.a).items()}
    return {"node": facts.a.name, "services_down_s": down} if down else None


def _overdue(facts: Facts) -> Values | None:
    deadline = facts.settings.transition_deadline * facts.settings.factor
    since = max((n.since for n in (facts.a, facts.b) if n.since is not None), default=None)
    if since is None or (facts.now - since).total_seconds() < deadline:
        return None
    waiting = [n.name for n, p in ((facts.a, facts.b), (facts.b, facts.a)) if not at_target(n, p)]
    return {"deadline_s": deadline, "waiting_for": waiting}


CONDITIONS: Mapping[When, Callable[[Facts], Values | None]] = {
    When.HA_ENABLED: lambda facts: {} if facts.ha_enabled else None,
    When.HA_DISABLED: lambda facts: None if facts.ha_enabled else {},
    When.FAILOVER_ASKED: lambda facts: _asked(facts, Action.FAILOVER),
    When.FALLBACK_ASKED: lambda facts: _asked(facts, Action.FALLBACK),
    When.RECOVER_ASKED: lambda facts: _asked(facts, Action.RECOVER),
    When.SERVICES_DOWN_A: _services_down_a,
    When.SERVICES_DOWN_B_A_READY: _services_down_b_a_ready,
    When.SERVICES_DOWN_B: _services_down_b,
    When.SERVICES_DOWN_BOTH: _services_down_both,
    When.SILENT_A: _silent_a,
    When.SILENT_INITIALIZING_A: _silent_initializing_a,
    When.GONE_A: _gone_a,
    When.SETTLED: _settled,
    When.HANDED_OVER: _handed_over,
    When.RELEASED: _released,
    When.READY_A: _ready_a,
    When.RETURNED_A: _returned_a,
    When.ALL_UP_A: _all_up_a,
    When.SOME_DOWN_A: _some_down_a,
    When.OVERDUE: _overdue,
}
