"""What the engine knows about a pair, and when each condition of the transition table holds.

A condition answers with the values it looked at, which the event stores, or with None when it does
not hold. Durations are seconds. Two witnesses judge a silent node: the engine by its own probes and
the node's call-ins (``heard_at``), and the peer by its heartbeats; one alone never does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from prg_admin.domain.under_way import UnderWay, as_if_taken
from prg_admin.domain.wire import REFUSED, REFUSING, Report

Values = dict[str, Any]
Condition = Callable[["Facts"], Values | None]


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
    boot_id: str = ""
    """The boot of the agent under which the last change was recorded; empty: none yet."""
    goodbye: bool = False
    """It said goodbye in the boot of its last report: it serves nobody, and never will in it."""
    under_way: UnderWay | None = None
    """Orders sent whose end is not known; None: there are none."""
    stated_off_at: datetime | None = None
    """When a person last stated that it is powered off."""

    @property
    def report(self) -> Report | None:
        return self.last_report if self.reachable else None

    @property
    def stated_off(self) -> bool:
        """A person answers for it that it serves nobody; true until it is heard again."""
        stated, heard = self.stated_off_at, self.heard_at
        return stated is not None and not self.reachable and (heard is None or heard <= stated)

    @property
    def feared(self) -> Report | None:
        """What it may be doing while it cannot be asked."""
        last = self.last_report
        return None if last is None else as_if_taken(last, self.under_way)


@dataclass(frozen=True, slots=True)
class Pair:
    """A group as the engine sees it at one moment; one node only where there is no pair yet."""

    group: str
    ha_enabled: bool
    epoch: int
    nodes: tuple[NodeView, ...]
    automatic_failovers: tuple[datetime, ...] = ()
    """The latest ones since somebody acknowledged, at most ``HOLD_AFTER`` of them."""
    watched_since: datetime | None = None
    """Since when the engine has looked without a gap: before that nobody could make a step."""


HOLD_AFTER = 2
"""Automatic failovers within ``HOLD_WINDOW`` after which the automatic fallback is held."""
HOLD_WINDOW = timedelta(hours=24)


def is_held(pair: Pair, now: datetime) -> bool:
    """The group flaps: no automatic fallback until somebody acknowledges."""
    recent = [at for at in pair.automatic_failovers if now - at < HOLD_WINDOW]
    return len(recent) >= HOLD_AFTER


class Action(StrEnum):
    """What people ask for."""

    ENABLE_HA = "enable-ha"
    DISABLE_HA = "disable-ha"
    CHANGE_MEMBERS = "change-members"
    DELETE = "delete"
    FAILOVER = "failover"
    FALLBACK = "fallback"
    RECOVER = "recover"
    ACKNOWLEDGE = "acknowledge"
    POWERED_OFF = "powered-off"
    """State that a node that would go on serving, and cannot be asked, is powered off."""


@dataclass(frozen=True, slots=True)
class Request:
    """An action asked for, with the index (0 or 1) of the node it is about, if any."""

    action: Action
    index: int | None = None
    powered_off: tuple[int, ...] = ()
    """With Recover: indices of nodes of which a person states that they are powered off."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One way round of a pair: ``a`` is the node that is hit, ``b`` its peer."""

    a: NodeView
    b: NodeView
    index_a: int
    pair: Pair
    settings: RecoverySettings
    now: datetime
    request: Request | None = None

    @property
    def mirrored(self) -> Facts:
        return replace(self, a=self.b, b=self.a, index_a=1 - self.index_a)


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


def services_down(node: NodeView, settings: RecoverySettings) -> dict[str, float]:
    """Critical services that do not run, by name, with the seconds since they last ran."""
    if node.report is None:
        return {}
    return {
        service.name: service.down_s or 0.0
        for service in node.report.services
        if service.state is not ServiceState.STARTED and service.name in settings.critical_services
    }


def services_overdue(node: NodeView, settings: RecoverySettings, now: datetime) -> dict[str, float]:
    """As ``services_down``, by the time that counts against the delay.

    A recovery starts what may have been stopped for hours: the delay begins with the start. What is
    still being started, or waits for its turn, is not down before the transition deadline; what
    has failed to start is.
    """
    down = services_down(node, settings)
    starts = node.state is NodeState.INITIALIZING and node.reason is Reason.ADMIN_REQUEST
    if not starts or node.since is None or node.report is None:
        return down
    since = max(0.0, (now - node.since).total_seconds())
    starting = {s.name for s in node.report.services if s.is_starting}
    # Down for the delay at the deadline, and not before.
    grace = max(0.0, timing.transition_limit(settings) - timing.service_delay(settings))
    return {
        name: min(seconds, max(0.0, since - grace) if name in starting else since)
        for name, seconds in down.items()
    }


def database_down(node: NodeView) -> float | None:
    """Seconds since the node's own database last answered, None while it does (or has none)."""
    if node.report is None or node.report.database is None:
        return None
    return node.report.database.down_s


def is_healthy(node: NodeView, settings: RecoverySettings) -> bool:
    """It answers, its database answers, and all its critical services run."""
    answers = node.report is not None and database_down(node) is None
    return answers and not services_down(node, settings)


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
        return _silent(facts) is not None
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


def _asked(facts: Facts, action: Action) -> Values | None:
    request = facts.request
    if request is None or request.action is not action:
        return None
    if request.index is not None and request.index != facts.index_a:
        return None
    return {"node": facts.a.name} if request.index is not None else {}


def _ready(facts: Facts) -> bool:
    return at_target(facts.a, facts.b) and is_healthy(facts.a, facts.settings)


def _services_down_for_delay(facts: Facts) -> Values | None:
    delay = timing.service_delay(facts.settings)
    all_down = services_overdue(facts.a, facts.settings, facts.now)
    down = {name: round(s, 3) for name, s in all_down.items() if s >= delay}
    return {"node": facts.a.name, "services_down_s": down, "delay_s": delay} if down else None


def _database_down_for_delay(facts: Facts) -> Values | None:
    delay, down = timing.service_delay(facts.settings), database_down(facts.a)
    if down is None or down < delay:
        return None
    return {"node": facts.a.name, "database_down_s": round(down, 3), "delay_s": delay}


def _unfit(facts: Facts) -> Values | None:
    return _database_down_for_delay(facts) or _services_down_for_delay(facts)


def _if_peer_is_healthy(condition: Condition) -> Condition:
    def holds(facts: Facts) -> Values | None:
        return condition(facts) if is_healthy(facts.b, facts.settings) else None

    return holds


def _of_b_if_a_is_ready(condition: Condition) -> Condition:
    def holds(facts: Facts) -> Values | None:
        return condition(facts.mirrored) if _ready(facts) else None

    return holds


def _unfit_both(facts: Facts) -> Values | None:
    """Each is unfit or gone. Of two that are gone nobody could tell; that is ``_both_silent``."""
    mirrored = facts.mirrored
    a = _unfit(facts) or _gone(facts)
    b = a and (_unfit(mirrored) or _gone(mirrored))
    return {"nodes": [a, b]} if b else None


def _silent(facts: Facts) -> Values | None:
    return silence_values(facts, timing.silence_limit(facts.settings))


def _refused(facts: Facts) -> Values | None:
    """A's agent is dead. Its door may be open yet: the take-over waits until its right has ended.

    Where that would take longer than a transition may, the silence limit has to do.
    """
    limit = timing.refused_limit(facts.settings)
    engine = engine_silence(facts.a, facts.now)
    heard_by = facts.b.report.peer if facts.b.report else None
    both = facts.a.error == REFUSED and heard_by is not None and heard_by.error == REFUSING
    if not both or engine is None or engine < limit or never_stops(facts.a):
        return None
    if fence_wait(facts.a, facts.settings) >= timing.transition_limit(facts.settings):
        return None
    return {
        "node": facts.a.name,
        "engine_silence_s": round(engine, 3),
        "limit_s": limit,
        "error": facts.a.error,
    }


def _silent_initializing(facts: Facts) -> Values | None:
    return silence_values(facts, timing.initialization_limit(facts.settings))


def _and_fenced(condition: Condition) -> Condition:
    """Of a node that may go on serving nobody takes over: it would end in Take Over Failed."""

    def holds(facts: Facts) -> Values | None:
        return condition(facts) if is_fenced(facts) else None

    return holds


def _goodbye(facts: Facts) -> Values | None:
    said = facts.a.goodbye and not facts.a.reachable
    return {"node": facts.a.name, "goodbye": True} if said else None


def _gone(facts: Facts) -> Values | None:
    initializing = facts.a.state is NodeState.INITIALIZING
    return _goodbye(facts) or (_silent_initializing if initializing else _silent)(facts)


def _both_silent(facts: Facts) -> Values | None:
    """For an engine that hears other nodes: it is not blind, these two are gone."""
    limit = timing.silence_limit(facts.settings)
    silences = {n.name: engine_silence(n, facts.now) for n in (facts.a, facts.b)}
    if any(s is None or s < limit for s in silences.values()):
        return None
    return {"engine_silence_s": silences, "limit_s": limit}


def _restarted(facts: Facts) -> Values | None:
    report = facts.a.report
    if report is None or not facts.a.boot_id or report.boot_id == facts.a.boot_id:
        return None
    return {"node": facts.a.name, "up_s": round(report.up_s, 3)}


def _fallback_due(facts: Facts) -> Values | None:
    left = fallback_wait(facts)
    if left is None or left > 0:
        return None
    return {"node": facts.a.name, "healthy_for_s": facts.settings.automatic_fallback_delay}


def fallback_wait(facts: Facts) -> float | None:
    """Seconds until A falls back by itself; None when it will not as things stand."""
    a, settings = facts.a, facts.settings
    if not settings.automatic_fallback or is_held(facts.pair, facts.now):
        return None
    if a.state is not NodeState.FAILED_OVER or a.since is None or not _ready(facts):
        return None
    return settings.automatic_fallback_delay - (facts.now - a.since).total_seconds()


def _settled(facts: Facts) -> Values | None:
    return _reached(facts) if _ready(facts) and _ready(facts.mirrored) else None


def _handed_over(facts: Facts) -> Values | None:
    gave_up = at_target(facts.a, facts.b) or is_fenced(facts)
    serves_both = facts.b.target is Role.BOTH and at_target(facts.b, facts.a)
    return _reached(facts) if gave_up and serves_both else None


def _released(facts: Facts) -> Values | None:
    done = all(at_target(f.a, f.b) or is_fenced(f) for f in (facts, facts.mirrored))
    return _reached(facts) if done else None


def _ready_a(facts: Facts) -> Values | None:
    return _reached(facts) if _ready(facts) else None


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
    return {"node": facts.a.name} if _ready(facts) else None


def _some_down_a(facts: Facts) -> Values | None:
    down = {name: round(s, 3) for name, s in services_down(facts.a, facts.settings).items()}
    return {"node": facts.a.name, "services_down_s": down} if down else None


def _database_lost_a(facts: Facts) -> Values | None:
    down = database_down(facts.a)
    return None if down is None else {"node": facts.a.name, "database_down_s": round(down, 3)}


def _overdue(facts: Facts) -> Values | None:
    return _waited_for(facts, timing.transition_limit(facts.settings))


def _init_overdue(facts: Facts) -> Values | None:
    return _waited_for(facts, timing.initialization_deadline(facts.settings))


def _init_overdue_without_a(facts: Facts) -> Values | None:
    waited = None if facts.a.reachable else _init_overdue(facts)
    return waited and {"node": facts.a.name, **waited}


def _waited_for(facts: Facts, deadline: float) -> Values | None:
    # What nobody drove is not late: a worker that comes after an outage gets the whole time.
    begun = [t for t in (facts.a.since, facts.b.since, facts.pair.watched_since) if t is not None]
    if not begun or (facts.now - max(begun)).total_seconds() < deadline:
        return None
    waiting = [n.name for n, p in ((facts.a, facts.b), (facts.b, facts.a)) if not at_target(n, p)]
    return {"deadline_s": deadline, "waiting_for": waiting}


CONDITIONS: Mapping[When, Condition] = {
    When.HA_ENABLED: lambda facts: {} if facts.pair.ha_enabled else None,
    When.HA_DISABLED: lambda facts: None if facts.pair.ha_enabled else {},
    When.FAILOVER_ASKED: lambda facts: _asked(facts, Action.FAILOVER),
    When.FALLBACK_ASKED: lambda facts: _asked(facts, Action.FALLBACK),
    When.RECOVER_ASKED: lambda facts: _asked(facts, Action.RECOVER),
    When.SERVICES_DOWN_A: _if_peer_is_healthy(_services_down_for_delay),
    When.SERVICES_DOWN_B_A_READY: _of_b_if_a_is_ready(_services_down_for_delay),
    When.DATABASE_DOWN_A: _if_peer_is_healthy(_database_down_for_delay),
    When.DATABASE_DOWN_B_A_READY: _of_b_if_a_is_ready(_database_down_for_delay),
    When.UNFIT_B: lambda facts: _unfit(facts.mirrored),
    When.UNFIT_BOTH: _unfit_both,
    When.SILENT_A: _if_peer_is_healthy(_and_fenced(_silent)),
    When.REFUSED_A: _if_peer_is_healthy(_refused),
    When.SILENT_INITIALIZING_A: _if_peer_is_healthy(_and_fenced(_silent_initializing)),
    When.GOODBYE_A: _if_peer_is_healthy(_goodbye),
    When.GONE_A: _gone,
    When.GONE_B: lambda facts: _gone(facts.mirrored),
    When.BOTH_SILENT: _both_silent,
    When.RESTARTED_A: _restarted,
    When.FALLBACK_DUE: _fallback_due,
    When.SETTLED: _settled,
    When.HANDED_OVER: _handed_over,
    When.RELEASED: _released,
    When.READY_A: _ready_a,
    When.RETURNED_A: _returned_a,
    When.ALL_UP_A: _all_up_a,
    When.SOME_DOWN_A: _some_down_a,
    When.DATABASE_LOST_A: _database_lost_a,
    When.OVERDUE: _overdue,
    When.INIT_OVERDUE: _init_overdue,
    When.INIT_OVERDUE_A_SILENT: _init_overdue_without_a,
}
