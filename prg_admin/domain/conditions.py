"""When each condition of the transition table holds.

A condition answers with the values it looked at, which the event stores, or with None when it does
not hold. It sees the pair one way round: A is the node that is hit, B its peer. Durations are
seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prg_admin.domain import timing
from prg_admin.domain.facts import Facts, Values, is_held
from prg_admin.domain.health import (
    at_target,
    database_down,
    is_healthy,
    services_down,
    services_overdue,
)
from prg_admin.domain.requests import Action
from prg_admin.domain.silence import (
    engine_silence,
    fence_wait,
    is_fenced,
    never_stops,
    silence_values,
    silent,
)
from prg_admin.domain.states import NodeState, Role
from prg_admin.domain.transitions import When
from prg_admin.domain.wire import REFUSED, REFUSING

Condition = Callable[["Facts"], Values | None]


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
    return _goodbye(facts) or (_silent_initializing if initializing else silent)(facts)


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
    When.SILENT_A: _if_peer_is_healthy(_and_fenced(silent)),
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
